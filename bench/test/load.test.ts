import { describe, expect, it } from 'vitest'
import { FrameScanner } from '../src/load/frame-scanner.ts'
import type { ServerFigures } from '../src/load/messages.ts'
import { mostHeld, nextRooms, refusal, type Step, stepOf } from '../src/load/ramp.ts'
import { RoomPhase, TickMeter } from '../src/load/tick-meter.ts'

const HZ = 20

function step(rooms: number, changes: Partial<Step> = {}): Step {
  return {
    rooms,
    players: rooms * 16,
    cpuShare: rooms / 100,
    microsPerClientTick: 20,
    tickLatenessP99Ms: 1,
    ticksShare: 1,
    statesShare: 1,
    inputsShare: 1,
    loadCpuShare: 0.4,
    rssMb: 100,
    bytesPerClientPerSecond: 600,
    ...changes,
  }
}

describe('the ramp of rooms', () => {
  it('calls a server overloaded when ticks start later than half an interval, when the core is full, and when anything is missing', () => {
    expect(refusal(step(10), HZ)).toBeUndefined()
    expect(refusal(step(10, { tickLatenessP99Ms: 25.1 }), HZ)).toBe('ticks late')
    expect(refusal(step(10, { cpuShare: 0.98 }), HZ)).toBe('core full')
    expect(refusal(step(10, { ticksShare: 0.9 }), HZ)).toBe('ticks missing')
    expect(refusal(step(10, { statesShare: 0.5 }), HZ)).toBe('states missing')
    expect(refusal(step(10, { inputsShare: 0.8 }), HZ)).toBe('load process full')
  })

  it('finds the limit of a server from either side, in a few steps', () => {
    for (const limit of [3, 17, 90, 240]) {
      const steps: Step[] = []
      let rooms = nextRooms(steps, HZ, 20)
      while (rooms !== undefined && steps.length < 20) {
        const cpuShare = (rooms / limit) * 0.9
        steps.push(step(rooms, { cpuShare, tickLatenessP99Ms: rooms > limit ? 100 : 1 }))
        rooms = nextRooms(steps, HZ, 20)
      }
      const most = mostHeld(steps, HZ)?.rooms ?? 0
      expect(most).toBeLessThanOrEqual(limit)
      expect(most).toBeGreaterThanOrEqual(Math.floor(limit * 0.9))
      expect(steps.length).toBeLessThan(12)
    }
  })

  it('gives up when not even one room is held', () => {
    expect(nextRooms([step(1, { tickLatenessP99Ms: 100 })], HZ, 20)).toBeUndefined()
  })

  it('counts the cost per player and tick, and what share of ticks, states and inputs there was', () => {
    const figures: ServerFigures = {
      cpuMicros: 1_000_000,
      wallMs: 2000,
      roomTicks: 400,
      clientTicks: 6400,
      tickLatenessP99Ms: 2,
      tickLatenessMaxMs: 5,
      rssMb: 100,
      rooms: 10,
      players: 160,
    }
    const result = stepOf({
      rooms: 10,
      players: 160,
      hz: HZ,
      figures,
      states: 3200,
      bytesIn: 320_000,
      inputs: 6400,
      loadCpuMicros: 500_000,
      loadWallMs: 2000,
    })
    expect(result).toMatchObject({
      cpuShare: 0.5,
      microsPerClientTick: 156.25,
      ticksShare: 1,
      statesShare: 0.5,
      inputsShare: 1,
      loadCpuShare: 0.25,
    })
    expect(result.bytesPerClientPerSecond).toBe(1000)
  })
})

describe('the tick meter', () => {
  it("counts lateness from a room's earliest phase, and forgets all at a new start", () => {
    const meter = new TickMeter(50)
    const room = new RoomPhase()
    for (let tick = 1; tick <= 100; tick++) meter.tick(room, tick, 16, 1000 + tick * 50 + (tick > 90 ? 12 : 0))
    expect(meter.roomTicks).toBe(100)
    expect(meter.clientTicks).toBe(1600)
    expect(meter.lateness(0.5)).toBeCloseTo(0)
    expect(meter.lateness(0.99)).toBeCloseTo(12)
    meter.start()
    meter.tick(room, 101, 16, 1000 + 101 * 50 + 12)
    expect(meter.roomTicks).toBe(1)
    expect(meter.lateness(1)).toBe(0)
  })
})

describe('the frame scanner', () => {
  const frame = (payload: readonly number[]) =>
    payload.length < 126
      ? [0x82, payload.length, ...payload]
      : [0x82, 126, payload.length >> 8, payload.length & 255, ...payload]

  it('finds the same messages wherever the stream is cut', () => {
    const payloads = [[1, 2, 3], Array.from({ length: 300 }, (_, index) => index & 255), [], [9]]
    const stream = Uint8Array.from(payloads.flatMap(frame))
    for (let size = 1; size < 40; size++) {
      const seen: number[][] = []
      const scanner = new FrameScanner({
        onMessage: (bytes, from, to) => seen.push([...bytes.slice(from, to)]),
        onEnd: (why) => {
          throw new Error(why)
        },
      })
      for (let at = 0; at < stream.length; at += size) scanner.read(stream.slice(at, at + size))
      expect(seen).toEqual(payloads)
    }
  })

  it('tells of a close', () => {
    const ends: string[] = []
    const scanner = new FrameScanner({ onMessage: () => {}, onEnd: (why) => ends.push(why) })
    scanner.read(Uint8Array.of(0x88, 4, 0x03, 0xe8, 0x68, 0x69))
    expect(ends).toEqual(['closed: hi'])
  })
})
