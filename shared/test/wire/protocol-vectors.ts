/**
 * The worked example of PROTOCOL.md, made with the real code: a game called `tiny`, and what goes over the wire when one player joins and shoots once.
 * `vectors()` gives each block by its name in the text. Used by protocol-vectors.test.ts.
 */
import { defineGame } from '../../src/game/define-game.ts'
import { fixed, int, ownerOnly } from '../../src/game/field.ts'
import { axis, press } from '../../src/game/input.ts'
import { linear } from '../../src/game/motion.ts'
import { Simulation } from '../../src/sim/simulation.ts'
import { ByteWriter } from '../../src/wire/byte-writer.ts'
import { encodeControl } from '../../src/wire/control-codec.ts'
import { createFrameHead, encodeFrameHead, type FrameHead } from '../../src/wire/frame-head.ts'
import { InputCodec } from '../../src/wire/input-codec.ts'
import { createInputHead } from '../../src/wire/input-head.ts'
import { InputRing } from '../../src/wire/input-ring.ts'
import { epochTag } from '../../src/wire/room-epoch.ts'
import { SnapshotEncoder } from '../../src/wire/snapshot-encoder.ts'
import { SnapshotRing } from '../../src/world/history.ts'
import { type Snapshot, Stranger } from './stranger.ts'
import { schemaText } from './stranger-game.ts'
import { readFrame } from './stranger-messages.ts'

export const tiny = defineGame({
  id: 'tiny',
  tickRate: 20,
  snapshotRate: 10,
  maxPlayers: 2,
  input: { move: axis(), fire: press() },
  events: { shot: { at: int(0, 100) } },
  entities: {
    ship: {
      max: 4,
      fields: {
        x: fixed(0, 100, 1 / 4),
        vx: fixed(-40, 40, 1 / 4),
        hp: int(0, 10, { initial: 10 }),
        ammo: ownerOnly(int(0, 9, { initial: 9 })),
      },
      motion: linear(['x', 'vx']),
      step(ship, input, ctx) {
        ctx.move(ship)
        if (input.fire === 0) return
        ctx.emit('shot', { at: ship.x })
        ship.ammo -= 1
        ship.vx -= 5
        ship.hp -= 1
      },
    },
  },
})

/** Of a room in a cluster. */
const EPOCH = [1_795_000_000_000, 7, 2] as const
const FULL = 100
const QUIET = 102
const SHOT = 104

function control(message: object): Uint8Array {
  return Uint8Array.from([1, ...encodeControl(message)])
}

/** Computes the ticks FULL to SHOT; the shot is pressed in tick 103. */
function play(): { sim: Simulation; history: SnapshotRing } {
  const history = new SnapshotRing(16, tiny.worldInts)
  const sim = new Simulation(tiny, { side: 'server', development: true, snapshots: history })
  sim.publicSeed = 77
  sim.world.ints[tiny.seatBase + 1] = 1
  sim.world.assign(sim.world.spawn(0, sim.world.takeId(), 1), { x: 49.5, vx: 10 })
  sim.world.settle()
  for (let tick = FULL; tick <= SHOT; tick++) {
    sim.inputs.clear()
    const row = Int32Array.from([tick === 103 ? 127 : 0, tick >= 103 ? 1 : 0])
    sim.setLevels(1, row, 0)
    sim.applyPresses(1, row, 0)
    sim.step(tick)
    sim.settle()
    history.put(tick, sim.world.ints)
  }
  return { sim, history }
}

function frames(): Uint8Array[] {
  const { sim, history } = play()
  const encoder = new SnapshotEncoder(tiny)
  const frame = (tick: number, baselineTick: number, earlierTick: number, rest: Partial<FrameHead>) => {
    const baseline = history.find(baselineTick)
    const current = history.find(tick) ?? sim.world.ints
    const body = encoder
      .encodeBody({
        baseline,
        earlier: history.find(earlierTick),
        baselineTick: baseline === undefined ? tick : baselineTick,
        current,
        tick,
        heldAt: (at) => history.find(at),
        events: sim.events,
        plainTypes: new Uint8Array(1),
      })
      .slice()
    const tail = encoder.encodeTail(1, baseline, current).slice()
    const memory = new Uint8Array(200)
    const writer = new ByteWriter().start(memory)
    writer.u8(3)
    const bodyBytes = tail.length > 0 ? body.length : -1
    encodeFrameHead(
      writer,
      { ...createFrameHead(), tick, baselineTick, usedCount: 2, sendOffsetMs: 0.5, bodyBytes, ...rest },
      2,
    )
    writer.raw(body)
    writer.raw(tail)
    return memory.slice(0, writer.position)
  }
  return [
    frame(FULL, -1, -1, {}),
    frame(QUIET, FULL, -1, {}),
    frame(SHOT, QUIET, FULL, { usedMask: 3, newestInputTick: 105, marginMs: 12.25, echo: 105, holdMs: 20 }),
  ]
}

function input(): Uint8Array {
  const ring = new InputRing(tiny)
  const slot = ring.slotFor(103)
  ring.rows.set([127, 1], ring.rowOffset(slot))
  ring.setStamp(slot, 0, 100, 100, 1)
  ring.setStamp(slot, 1, 100, 100, 1)
  const memory = new Uint8Array(64)
  const writer = new ByteWriter().start(memory)
  writer.u8(2)
  const head = { ...createInputHead(tiny), newestTick: 103, ackTick: 100, ackHoldMs: 30, interpolationDelayMs: 152 }
  new InputCodec(tiny).encode(writer, ring, head)
  return memory.slice(0, writer.position)
}

/** What the stranger finds in the frames, one after the other. */
function traces(all: readonly Uint8Array[]): { body: string; tail: string; bits: string }[] {
  const stranger = new Stranger(tiny)
  const known = new Map<number, Snapshot>()
  return all.map((bytes) => {
    const lines: string[] = []
    const bits: string[] = []
    stranger.watch = (line) => bits.push(line)
    stranger.trace = (line) => lines.push(line)
    const head = readFrame(bytes, tiny, 100)
    const baseline = known.get(head.baselineTick)
    const out = stranger.body(head.body, head.tick, baseline, known.get(baseline?.baselineTick ?? -1))
    const body = lines.splice(0).join(' · ')
    stranger.watch = undefined
    stranger.tail(head.tail, 1, baseline, out)
    known.set(head.tick, out)
    return { body, tail: lines.join(' · '), bits: bits.join('\n') }
  })
}

/** Every block of the text, by its name. */
export function vectors(): Map<string, string> {
  const hex = (bytes: Uint8Array) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
  const all = frames()
  const [full, quiet, shot] = traces(all)
  const hello = { t: 'hello', protocol: 4, game: 'tiny', schema: tiny.schemaHash, room: 'main' }
  const welcome = {
    t: 'welcome',
    seat: 1,
    roomId: 'main',
    tickRate: 20,
    epochMs: 5000.5,
    serverNowMs: 9951.25,
    tick: 98,
    seed: 77,
    playerId: '00ab12cd',
    resume: '',
    attributes: {},
    players: [[1, {}]],
    maxPlayers: 2,
  }
  const prepare = { create: false, resume: '00ab12cd.s', epoch: EPOCH, heard: 3, prepare: true }
  const quietFrame = all[1] ?? new Uint8Array()
  const filter = { attributes: { mode: 'duel' }, freeSeats: 2 }
  const lobbyHello = { t: 'lobby', protocol: 4, game: 'tiny', schema: tiny.schemaHash, filter }
  const place = { room: 'main', url: 'ws://10.0.0.4:8081/tickmesh', ticket: 'e30' }
  const lobbyAnswer = { t: 'answer', q: 7, place }
  return new Map([
    ['schema', schemaText(tiny)],
    ['schema-hash', tiny.schemaHash.toString(16).padStart(8, '0')],
    ['hello', hex(control(hello))],
    ['welcome', hex(control(welcome))],
    ['input', hex(input())],
    ['frame-full', hex(all[0] ?? new Uint8Array())],
    ['frame-quiet', hex(all[1] ?? new Uint8Array())],
    ['frame-shot', hex(all[2] ?? new Uint8Array())],
    ['moved', hex(control({ t: 'moved', url: 'ws://10.0.0.4:8081/tickmesh', room: 'main', epoch: EPOCH }))],
    ['frame-tagged', hex(Uint8Array.from([4, epochTag(EPOCH), ...quietFrame.subarray(1)]))],
    ['frame-provisional', hex(Uint8Array.from([5, epochTag(EPOCH), 2, ...quietFrame.subarray(1)]))],
    ['hello-prepare', hex(control({ ...hello, ...prepare }))],
    ['lobby-hello', hex(control(lobbyHello))],
    ['lobby-answer', hex(control(lobbyAnswer))],
    ['body-full', full?.body ?? ''],
    ['body-quiet', quiet?.body ?? ''],
    ['bits-quiet', quiet?.bits ?? ''],
    ['body-shot', shot?.body ?? ''],
    ['tail-shot', shot?.tail ?? ''],
  ])
}
