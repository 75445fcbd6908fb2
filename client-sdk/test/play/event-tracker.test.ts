import { EventLog } from '@tickmesh/shared'
import { describe, expect, it } from 'vitest'
import { EventTracker } from '../../src/play/event-tracker.ts'
import { pond } from '../pond-game.ts'

const SEAT = 1
/** What a step of a seat makes by its nth press (see spawn-key.ts). */
const key = (n: number, seat = SEAT) => 2 ** 30 + seat * 2 ** 19 + 2 ** 18 + n * 16

type Emitted = readonly [tick: number, key: number]

function logOf(...events: readonly Emitted[]): EventLog {
  const log = new EventLog(pond, 128)
  for (const tick of new Set(events.map(([tick]) => tick))) log.begin(tick)
  for (const [tick, eventKey] of events) log.ints[log.add(tick, 0, eventKey) + 2] = eventKey % 1000
  return log
}

function tracker() {
  const heard: string[] = []
  const events = new EventTracker(pond, {
    onEvent: (name, values, { predicted, own, tick }) =>
      heard.push(`${name} ${values.by} ${predicted ? 'predicted' : 'told'} ${own ? 'own' : 'other'} ${tick}`),
    onWithdrawn: (name, values) => heard.push(`${name} ${values.by} withdrawn`),
  })
  events.seat = SEAT
  const by = (n: number, seat?: number) => key(n, seat) % 1000
  return { heard, events, by }
}

/** A snapshot of `tick`: the simulation starts from there again and emits `again`; the server says `server`. */
function snapshot(events: EventTracker, tick: number, again: readonly Emitted[], server: readonly Emitted[]): void {
  events.beginPass()
  const log = logOf(...again)
  for (let t = tick + 1; t < tick + 20; t++) events.onSimulated(log, t)
  events.onServer(logOf(...server), tick)
  events.withdraw(tick)
}

describe('events on a client', () => {
  it('plays a prediction at once, once, however often it is simulated again', () => {
    const { heard, events, by } = tracker()
    events.onSimulated(logOf([10, key(1)]), 10)
    for (const tick of [3, 6, 9]) snapshot(events, tick, [[10, key(1)]], [])
    snapshot(events, 12, [], [[10, key(1)]])
    snapshot(events, 15, [], [])
    expect(heard).toEqual([`fired ${by(1)} predicted own 10`])
    expect([events.predictedCount, events.withdrawnCount]).toEqual([1, 0])
  })

  it('withdraws what the server has not seen happen, once', () => {
    const { heard, events, by } = tracker()
    events.onSimulated(logOf([10, key(1)]), 10)
    snapshot(events, 9, [[10, key(1)]], [])
    snapshot(events, 12, [], [])
    snapshot(events, 15, [], [])
    expect(heard).toEqual([`fired ${by(1)} predicted own 10`, `fired ${by(1)} withdrawn`])
  })

  it('waits with a withdrawal until the server has spoken of that tick', () => {
    const { heard, events } = tracker()
    events.onSimulated(logOf([10, key(1)]), 10)
    snapshot(events, 3, [], [])
    snapshot(events, 6, [[10, key(1)]], [])
    snapshot(events, 12, [], [[10, key(1)]])
    expect(heard).toHaveLength(1)
  })

  it('keeps a late press that the server applies in a later tick', () => {
    const { heard, events } = tracker()
    events.onSimulated(logOf([10, key(1)]), 10)
    snapshot(events, 12, [[13, key(1)]], [])
    snapshot(events, 15, [[16, key(1)]], [])
    snapshot(events, 18, [], [[16, key(1)]])
    snapshot(events, 21, [], [])
    expect(heard).toHaveLength(1)
  })

  it("plays own events that were not predicted when told, others' when they are drawn", () => {
    const { heard, events, by } = tracker()
    snapshot(
      events,
      12,
      [],
      [
        [10, key(5)],
        [11, key(2, 2)],
        [12, 2 ** 30 + 12 * 16],
      ],
    )
    expect(heard).toEqual([`fired ${by(5)} told own 10`])
    events.playUntil(10.9)
    expect(heard).toHaveLength(1)
    events.playUntil(11)
    expect(heard[1]).toBe(`fired ${by(2, 2)} told other 11`)
    events.playUntil(12)
    events.playUntil(200)
    expect(heard).toHaveLength(3)
  })

  it("counts others' events of more than a second ago instead of playing them all at once", () => {
    const { heard, events } = tracker()
    snapshot(events, 12, [], [[11, key(2, 2)]])
    events.playUntil(12 + pond.tickRate)
    expect(heard).toHaveLength(0)
    expect(events.staleCount).toBe(1)
  })

  it('never plays twice what comes in several frames', () => {
    const { heard, events } = tracker()
    const told: readonly Emitted[] = [
      [10, key(5)],
      [11, key(2, 2)],
    ]
    for (const tick of [12, 12, 9, 15]) snapshot(events, tick, [], told)
    events.playUntil(50)
    expect(heard).toHaveLength(2)
  })

  it('plays an effect once whose presses the server applied later, together and so under another key', () => {
    const { events, heard } = tracker()
    const emit = (tick: number, eventKey: number, by: number) => {
      const log = logOf([tick, eventKey])
      log.ints[log.at(tick, 0) + 2] = by
      return log
    }
    events.onSimulated(emit(10, key(1), 7), 10)
    expect(heard).toEqual(['fired 7 predicted own 10'])
    // The world at 30 has both presses applied, in tick 25 and with the number of the second.
    events.beginPass()
    events.onServer(emit(25, key(2), 7), 30)
    events.withdraw(30)
    expect(heard).toEqual(['fired 7 predicted own 10'])
    // Another effect is another one.
    events.beginPass()
    events.onServer(emit(40, key(3), 8), 45)
    events.withdraw(45)
    expect(heard).toEqual(['fired 7 predicted own 10', 'fired 8 told own 40'])
    expect(events.withdrawnCount).toBe(0)
  })

  it('counts the ticks of which nobody will tell what happened', () => {
    const { events } = tracker()
    events.onGap(5)
    expect(events.untoldTicks).toBe(0)
    snapshot(events, 10, [], [])
    events.onGap(90)
    expect(events.untoldTicks).toBe(80)
  })

  it("calls only the own seat's predictions own", () => {
    const { heard, events, by } = tracker()
    events.onSimulated(logOf([10, key(1, 3)]), 10)
    expect(heard).toEqual([`fired ${by(1, 3)} predicted other 10`])
  })

  it('neither withdraws nor repeats what fell into the gap before a full frame', () => {
    const { heard, events } = tracker()
    events.onSimulated(logOf([10, key(1)]), 10)
    events.onGap(12)
    snapshot(events, 12, [], [[10, key(1)]])
    snapshot(events, 15, [[16, key(1)]], [])
    snapshot(events, 18, [], [])
    expect(heard).toHaveLength(1)
  })

  it('is bounded: of what waits beyond 512 the oldest are dropped and counted, and old confirmations are forgotten', () => {
    const { heard, events } = tracker()
    for (let n = 0; n < 600; n++) events.onServer(logOf([n, key(n % 1000, 2)]), n)
    expect(heard).toHaveLength(0)
    expect(events.staleCount).toBe(88)
    for (let tick = 0; tick <= 600; tick++) events.playUntil(tick)
    expect(heard).toHaveLength(512)
    for (let n = 0; n < 2000; n++) snapshot(events, 1000 + n, [], [[1000 + n, key(n)]])
    expect(heard).toHaveLength(2512)
    // 16,384 presses later the key comes again.
    snapshot(events, 4000, [], [[4000, key(0)]])
    expect(heard).toHaveLength(2513)
  })

  it('holds back what is not held yet: it neither plays nor confirms nor withdraws, and it is void if another server goes on earlier', () => {
    const { heard, events, by } = tracker()
    events.onSimulated(logOf([10, key(1)]), 10)
    events.beginPass()
    // Others' and own ones that were not predicted, and one that was, in a later tick than thought; 9 is the newest that is held.
    const told = logOf([10, key(7, 2)], [11, key(5)], [12, key(1)])
    events.onServer(told, 12, 9)
    events.withdraw(12)
    events.playUntil(20)
    expect(heard).toEqual([`fired ${by(1)} predicted own 10`])
    events.held(11)
    events.playUntil(20)
    expect(heard.slice(1)).toEqual([`fired ${by(5)} told own 11`, `fired ${by(7, 2)} told other 10`])
    events.onServer(logOf([14, key(6)], [14, key(8, 2)]), 15, 11)
    // 12 to 15 never were, as far as the next server knows.
    events.forgetAfter(11)
    events.held(20)
    events.beginPass()
    events.withdraw(11)
    events.playUntil(20)
    expect(heard).toHaveLength(3)
    // Of what it says anew the predicted one is known, the other one is not.
    events.onServer(logOf([13, key(1)], [14, key(6)]), 15)
    events.withdraw(15)
    expect(heard.slice(3)).toEqual([`fired ${by(6)} told own 14`])
  })

  it('withdraws a prediction that no server tells in the end, once its tick is held', () => {
    const { heard, events, by } = tracker()
    events.onSimulated(logOf([10, key(1)]), 10)
    events.beginPass()
    events.onServer(logOf([12, key(1)]), 12, 8)
    events.forgetAfter(9)
    events.beginPass()
    events.onServer(logOf(), 12, 9)
    events.withdraw(12)
    expect(heard).toHaveLength(1)
    events.onServer(logOf(), 15)
    events.withdraw(15)
    expect(heard.slice(1)).toEqual([`fired ${by(1)} withdrawn`])
  })
})
