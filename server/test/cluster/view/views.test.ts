import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ViewChain } from '../../../src/cluster/view/chain.ts'
import { rememberedQuorums } from '../../../src/cluster/view/memory.ts'
import { chooseVoters } from '../../../src/cluster/view/next-view.ts'
import { compareViews } from '../../../src/cluster/view/view.ts'
import { parseViewMessage } from '../../../src/cluster/view/view-messages.ts'
import { VIEW_RULES, type ViewRules } from '../../../src/cluster/view/view-rules.ts'
import { type Machine, Rig } from './rig.ts'

function namesOf(machine: Machine): string {
  return (machine.views.view?.members ?? [])
    .map(({ name }) => name)
    .sort()
    .join(' ')
}

function three(seed = 1, rules: ViewRules = VIEW_RULES): [Rig, Machine, Machine, Machine] {
  const rig = new Rig({ seed, rules })
  const [a, b, c] = rig.grow(3)
  if (!a || !b || !c) throw new Error('three')
  return [rig, a, b, c]
}

describe('sizes', () => {
  for (const [size, survives] of [
    [1, 0],
    [2, 0],
    [3, 1],
    [5, 2],
    [9, 3],
    [50, 3],
  ] as const) {
    it(`${size} grow along one chain, hold leases, and survive ${survives}`, () => {
      const rig = new Rig({ seed: size })
      const machines = rig.grow(size)
      expect(machines.every((machine) => rig.holds(machine))).toBe(true)
      expect(machines[0]?.views.view?.voters.length).toBe(Math.min(7, size))
      expect(machines[0]?.views.status(0).survives).toBe(survives)
      // The voters are the ones that hurt.
      const voters = machines.filter(({ life }) => machines[0]?.views.view?.voters.includes(life))
      for (const voter of voters.slice(0, survives)) rig.crash(voter)
      rig.run(6_000)
      const left = machines.filter(({ alive }) => alive)
      for (const machine of left) expect(machine.views.view?.members.length).toBe(size - survives)
      expect(left.every((machine) => rig.holds(machine))).toBe(true)
    })
  }

  it('says that two cannot fail over, and then they do not', () => {
    const rig = new Rig()
    const [a, b] = rig.grow(2)
    if (!a || !b) throw new Error('two')
    expect(a.notes.join()).toContain('two cannot fail over')
    rig.crash(b)
    rig.run(10_000)
    expect(namesOf(a)).toBe('m0 m1')
    expect(rig.holds(a)).toBe(false)
  })
})

describe('evidence', () => {
  it('removes a silent member within three seconds', () => {
    for (let seed = 1; seed <= 10; seed++) {
      const rig = new Rig({ seed })
      const [a, b, c] = rig.grow(5)
      if (!a || !b || !c) throw new Error('five')
      rig.crash(a)
      expect(rig.until(() => [b, c].every((one) => !namesOf(one).includes('m0')), 5_000)).toBeLessThan(3_000)
    }
  })

  it('removes one whose connections are refused within a second and a half, and waits for its lease all the same', () => {
    const [rig, a, b, c] = three()
    rig.refuses = true
    rig.crash(c)
    expect(rig.until(() => namesOf(a) === 'm0 m1', 3_000)).toBeLessThan(1_500)
    expect(a.views.takeoverFromMs - a.local(rig.nowMs)).toBeGreaterThan(0)
    expect(rig.holds(b)).toBe(true)
  })

  it('removes nobody whom one voter alone cannot reach', () => {
    const [rig, a, b, c] = three()
    const { view } = a.views
    rig.loss = (from, to) => ((from === a && to === c) || (from === c && to === a) ? 1 : undefined)
    rig.run(30_000)
    for (const one of [a, b, c]) {
      expect(one.views.view).toEqual(view)
      expect(rig.holds(one)).toBe(true)
    }
  })

  it('removes nobody in ten minutes of 30 % loss in each direction', () => {
    const rig = new Rig({ seed: 6 })
    const machines = rig.grow(5)
    const view = machines[0]?.views.view
    rig.link.lossShare = 0.3
    rig.run(600_000)
    for (const one of machines) expect(one.views.view).toEqual(view)
  })

  it('removes nobody for what the network did to all', () => {
    const [rig, a, b, c] = three()
    const { view } = a.views
    rig.split([[a], [b], [c]])
    rig.run(8_000)
    expect([a, b, c].some((one) => rig.holds(one))).toBe(false)
    rig.heal()
    rig.run(4_000)
    for (const one of [a, b, c]) {
      expect(one.views.view).toEqual(view)
      expect(rig.holds(one)).toBe(true)
    }
  })

  it('keeps a shard that stalls for a second, and removes one that stalls for five', () => {
    const [rig, a, b, c] = three()
    rig.stall(c, 1_000)
    rig.run(990)
    expect(rig.holds(c)).toBe(false)
    rig.run(500)
    expect(rig.holds(c)).toBe(true)
    rig.stall(c, 5_000)
    rig.run(7_000)
    expect(namesOf(a)).toBe('m0 m1')
    expect(c.removed).toBeDefined()
    expect(b.removed).toBeUndefined()
  })

  it('removes the smaller part of a cluster that is cut in two, which has lost its leases by then', () => {
    const rig = new Rig({ seed: 4 })
    const machines = rig.grow(5)
    rig.split([machines.slice(0, 3), machines.slice(3)])
    rig.run(5_000)
    expect(machines.map((machine) => rig.holds(machine))).toEqual([true, true, true, false, false])
    rig.heal()
    rig.run(3_000)
    expect(machines.map(({ removed }) => removed !== undefined)).toEqual([false, false, false, true, true])
  })
})

describe('votes and leases', () => {
  /** a and b decide to remove c, which lives; b never hears that it was decided. */
  function decideUnheard(rules: ViewRules): Machine {
    const [rig, a, b, c] = three(2, rules)
    rig.loss = (from, to) => (from === a && a.views.view?.number !== b.views.view?.number && to !== a ? 1 : undefined)
    for (let i = 0; i < 100 && namesOf(a) !== 'm0 m1'; i++) {
      a.views.connectionRefused(c.life, a.local(rig.nowMs))
      b.views.connectionRefused(c.life, b.local(rig.nowMs))
      rig.run(10)
    }
    expect(namesOf(a)).toBe('m0 m1')
    rig.run(3_000)
    expect(rig.holds(c)).toBe(false)
    return b
  }

  it('ends granting with the vote, whether the voter hears of the decision or not', () => {
    decideUnheard(VIEW_RULES)
    const mayGrant: ViewRules['mayGrant'] = (installed, _voted, asked) => compareViews(installed, asked) === 0
    expect(() => decideUnheard({ ...VIEW_RULES, mayGrant })).toThrow(/may take over/)
  })

  it('keeps leases over a change that removes nobody', () => {
    const [rig, a, b, c] = three()
    c.views.describe({ draining: true, weight: 3 }, c.local(rig.nowMs))
    while (a.views.view?.members.find(({ life }) => life === c.life)?.draining !== true) {
      expect([a, b, c].every((one) => rig.holds(one))).toBe(true)
      rig.run(5)
      expect(rig.nowMs).toBeLessThan(30_000)
    }
  })

  it('lets a member leave at once, and then waits for nothing', () => {
    const [rig, a, b, c] = three()
    c.views.leave(c.local(rig.nowMs))
    expect(rig.holds(c)).toBe(false)
    expect(
      rig.until(() => namesOf(a) === 'm0 m1' && namesOf(b) === 'm0 m1' && c.removed !== undefined, 2_000),
    ).toBeLessThan(1_000)
    expect(a.views.takeoverFromMs).toBeLessThan(a.local(rig.nowMs))
  })

  it('waits for nothing after a proven end', () => {
    const [rig, a, b, c] = three()
    rig.crash(c)
    b.views.endProven(c.life, b.local(rig.nowMs))
    expect(rig.until(() => namesOf(a) === 'm0 m1', 2_000)).toBeLessThan(1_000)
    expect(a.views.takeoverFromMs).toBeLessThan(a.local(rig.nowMs))
  })

  it('takes a restarted process in under its name as soon as the old one is silent', () => {
    const [rig, a, b, c] = three()
    const again = rig.restart(c)
    expect(rig.until(() => rig.holds(again) && namesOf(a) === 'm0 m1 m2', 3_000)).toBeLessThan(2_000)
    expect(rig.holds(b)).toBe(true)
  })
})

describe('founding', () => {
  const list = { kind: 'list', names: ['m0', 'm1', 'm2'] } as const

  it('needs a majority of the list; whoever comes later joins', () => {
    const rig = new Rig()
    const a = rig.add('m0', list)
    rig.run(10_000)
    expect(a.views.view).toBeUndefined()
    const b = rig.add('m1', list)
    rig.until(() => rig.holds(a) && rig.holds(b), 5_000)
    const c = rig.add('m2', list)
    rig.until(() => rig.holds(c), 5_000)
    expect(c.views.view?.generation).toBe(a.views.view?.generation)
  })

  it('makes a higher generation after a full restart, also where one founded alone and has a memory', () => {
    const [rig, a, b, c] = three()
    const before = a.views.view?.generation ?? 0
    for (const one of [a, b, c]) rig.crash(one)
    const alone = rig.restart(a)
    rig.run(10_000)
    expect(alone.views.view).toBeUndefined()
    expect(alone.notes.join()).toContain('delete what it remembers')
    const second = rig.restart(b)
    rig.until(() => rig.holds(alone) && rig.holds(second), 10_000)
    expect(alone.views.view?.generation).toBeGreaterThan(before)
  })

  it('a shard whose view can have no majority any more starts anew, and founds with those who did', () => {
    const rig = new Rig({ seed: 5 })
    const machines = ['m0', 'm1', 'm2'].map((name) => rig.add(name, list))
    rig.until(() => machines.every((one) => rig.holds(one)), 10_000)
    const [a, b, c] = machines as [Machine, Machine, Machine]
    const again = [rig.restart(a), rig.restart(b)]
    rig.until(() => again.every((one) => rig.holds(one)), 15_000)
    expect(c.removed).toBeDefined()
  })

  it('outvotes all that the newest remembered view may have been', () => {
    const old = { generation: 7, number: 3, voterNames: ['a', 'b', 'c'] }
    const voted = { ...old, nextVoterNames: ['c', 'd', 'e'] }
    expect(rememberedQuorums([old, voted])).toEqual([
      ['c', 'd', 'e'],
      ['a', 'b', 'c'],
    ])
    expect(rememberedQuorums([old, voted, { generation: 7, number: 4, voterNames: ['c', 'd', 'e'] }])).toEqual([
      ['c', 'd', 'e'],
    ])
    expect(rememberedQuorums([])).toEqual([])
  })
})

describe('the chain', () => {
  const member = (i: number) => ({
    life: i.toString(16).padStart(16, '0'),
    name: `m${i}`,
    address: `m${i}:1`,
    url: '',
    zone: i % 2 ? 'x' : 'y',
    weight: 10,
    draining: false,
    since: i,
  })

  it('brings one up to date by changes up to 64 views back, and by the whole view beyond', () => {
    const chain = new ViewChain()
    chain.start({ cluster: 'c', generation: 1, number: 1, members: [member(1)], voters: [member(1).life] }, [])
    for (let i = 2; i <= 80; i++)
      chain.extend({ removals: [], joins: [member(i)], changes: [], voters: [member(1).life] })
    expect(chain.since({ generation: 1, number: 16 }, 5)).toMatchObject({
      kind: 'chain',
      restMs: 5,
      changes: { length: 64 },
    })
    expect(chain.since({ generation: 1, number: 15 }, 5)?.kind).toBe('whole')
    expect(chain.since({ generation: 1, number: 80 }, 5)).toBeUndefined()
  })

  it('remembers 1,024 removed lives', () => {
    const chain = new ViewChain()
    const voters = [member(0).life]
    chain.start({ cluster: 'c', generation: 1, number: 1, members: [member(0)], voters }, [])
    for (let i = 1; i <= 1_100; i++) {
      chain.extend({ removals: [], joins: [member(i)], changes: [], voters })
      chain.extend({ removals: [member(i).life], joins: [], changes: [], voters })
    }
    expect(chain.wasRemoved(member(76).life)).toBe(false)
    expect(chain.wasRemoved(member(77).life)).toBe(true)
  })

  it('replaces lost voters by the oldest members of the zones that have fewest', () => {
    const members = Array.from({ length: 20 }, (_, i) => member(i))
    const voters = chooseVoters(
      members,
      [1, 3, 5, 7, 9, 11].map((i) => member(i).life),
    )
    expect(voters).toEqual([0, 1, 3, 5, 7, 9, 11].map((i) => member(i).life))
    expect(chooseVoters(members.slice(0, 6), voters).length).toBe(6)
  })
})

describe('the parser', () => {
  it('never throws, and what it lets through it lets through again', () => {
    const text = fc.constantFrom(
      'ask',
      'answer',
      'promise',
      'accept',
      'accepted',
      'chain',
      'whole',
      'join',
      'found-promise',
    )
    const id = fc.record({ generation: fc.nat(), number: fc.nat() })
    const life = fc.constantFrom('0123456789abcdef', 'x')
    const ballot = fc.record({ round: fc.integer(), life })
    const any = fc.oneof(fc.anything(), id, ballot, fc.nat(), fc.boolean(), fc.array(life), life)
    const keys = [
      'view',
      'seq',
      'gotSeq',
      'leaselessMs',
      'granted',
      'ballot',
      'backs',
      'joins',
      'changes',
      'change',
      'ages',
      'proofs',
      'refused',
      'base',
      'restMs',
      'member',
      'removed',
    ]
    const shape = fc.record(
      { kind: text, ...Object.fromEntries(keys.map((key) => [key, any])) },
      { requiredKeys: ['kind'] },
    )
    fc.assert(
      fc.property(fc.oneof(fc.anything(), shape), (value) => {
        const parsed = parseViewMessage(value)
        if (parsed !== undefined) expect(parseViewMessage(parsed)).toEqual(parsed)
      }),
      { numRuns: 2_000 },
    )
  })

  it('refuses what is too much', () => {
    const lives = Array.from({ length: 1_025 }, (_, i) => i.toString(16).padStart(16, '0'))
    const view = { generation: 1, number: 1 }
    const promise = { kind: 'promise', view, ballot: { round: 1, life: lives[0] }, joins: [], changes: [] }
    expect(parseViewMessage({ ...promise, backs: lives.slice(1) })).toBeDefined()
    expect(parseViewMessage({ ...promise, backs: lives })).toBeUndefined()
    expect(parseViewMessage({ ...promise, backs: [lives[0], lives[0]] })).toBeUndefined()
  })
})
