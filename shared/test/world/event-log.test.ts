import { describe, expect, it } from 'vitest'
import { defineGame } from '../../src/game/define-game.ts'
import { int } from '../../src/game/field.ts'
import { EVENT_FIELDS, EVENT_INDEX, EVENT_KEY, EventLog } from '../../src/world/event-log.ts'
import { zoo } from './zoo.ts'

const game = defineGame({
  id: 'bang',
  tickRate: 60,
  snapshotRate: 20,
  input: {},
  events: { bang: { a: int(0, 9), b: int(0, 9) }, pop: {} },
  entities: { thing: { fields: {} } },
})

describe('the event log', () => {
  it('keeps the events of a tick in order', () => {
    const log = new EventLog(game, 8)
    log.begin(5)
    const first = log.add(5, 0, 77)
    log.ints[first + EVENT_FIELDS + 1] = 9
    const second = log.add(5, 1, 0)
    expect(log.count(5)).toBe(2)
    expect([log.at(5, 0), log.at(5, 1)]).toEqual([first, second])
    expect(Array.from(log.ints.subarray(first, first + log.stride))).toEqual([0, 77, 0, 9])
    expect([log.ints[second + EVENT_INDEX], log.ints[second + EVENT_KEY]]).toEqual([1, 0])
  })

  it('drops what does not fit into a tick, and counts it', () => {
    const log = new EventLog(game, 8, 3)
    log.begin(1)
    expect([1, 2, 3, 4, 5].map(() => log.add(1, 0, 0) >= 0)).toEqual([true, true, true, false, false])
    expect([log.count(1), log.dropped]).toEqual([3, 2])
    log.begin(2)
    expect(log.add(2, 0, 0)).toBeGreaterThanOrEqual(0)
  })

  it('refuses events of a tick that was not begun', () => {
    const log = new EventLog(game, 8)
    expect(log.add(3, 0, 0)).toBe(-1)
    expect(log.dropped).toBe(1)
  })

  it('forgets a tick when it begins again, and when the ring has come round', () => {
    const log = new EventLog(game, 4)
    log.begin(1)
    log.ints[log.add(1, 0, 5) + EVENT_FIELDS] = 3
    log.begin(1)
    expect(log.count(1)).toBe(0)
    expect(log.ints[log.add(1, 0, 5) + EVENT_FIELDS]).toBe(0)
    log.begin(5)
    expect([log.count(1), log.count(5), log.count(9)]).toEqual([0, 0, 0])
  })

  it('takes no memory in a game without events', () => {
    expect(new EventLog(zoo, 128).ints).toHaveLength(0)
  })
})
