/**
 * The experiments of Rapid (Suresh et al., 2018) with 1,000 members: exactly the faulty ones go. Asks and evidence are five times slower than by default
 * (500 ms, 10 s), with leases in proportion, for the sake of the run's time; the number of asks per evidence is the default's.
 */
import { describe, expect, it } from 'vitest'
import { chooseVoters } from '../../../src/cluster/view/next-view.ts'
import { type Machine, Rig } from './rig.ts'

const SIZE = 1_000
const SLOWER = 5

/** All in view 1 at once: growing is another test's. */
function members(
  size: number,
  seed: number,
  faultyOthers: number,
): { rig: Rig; machines: readonly Machine[]; faulty: readonly Machine[] } {
  const rig = new Rig({
    seed,
    parse: false,
    askEveryMs: 100 * SLOWER,
    evidenceMs: 2_000 * SLOWER,
    times: { leaseMs: 750 * SLOWER, clockBound: 1.25 },
  })
  const machines = Array.from({ length: size }, (_, i) => rig.create(`m${i}`))
  const listed = machines
    .map(({ life, name }) => ({
      life,
      name,
      address: `${name}:7946`,
      url: `ws://${name}`,
      zone: '',
      weight: 10,
      draining: false,
      since: 1,
    }))
    .sort((a, b) => (a.life < b.life ? -1 : 1))
  const view = { cluster: 'test', generation: 1_000, number: 1, members: listed, voters: chooseVoters(listed, []) }
  for (const machine of machines) machine.views.receive('0000000000000000', { kind: 'whole', view, removed: [] }, 0)
  rig.start()
  rig.run(3_000)
  // Among them two voters.
  const voters = machines.filter(({ life }) => view.voters.includes(life))
  const others = machines.filter(({ life }) => !view.voters.includes(life))
  return { rig, machines, faulty: [...voters.slice(0, 2), ...others.slice(0, faultyOthers)] }
}

function expectOnlyTheseGone(machines: readonly Machine[], faulty: readonly Machine[]): void {
  const healthy = machines.filter((machine) => !faulty.includes(machine))
  const names = healthy.map(({ name }) => name).sort()
  expect(healthy.every(({ removed }) => removed === undefined)).toBe(true)
  const views = new Set(healthy.map(({ views }) => views.view))
  for (const view of views) expect(view?.members.map(({ name }) => name).sort()).toEqual(names)
}

describe('1,000 members and 7 voters', () => {
  it('ten crash: one change', () => {
    const { rig, machines, faulty } = members(SIZE, 1, 8)
    for (const machine of faulty) rig.crash(machine)
    rig.run(15_000)
    expectOnlyTheseGone(machines, faulty)
    expect(machines.find(({ alive }) => alive)?.views.view?.number).toBe(2)
  })

  it('ten lose what is sent to them, on and off every 20 s: exactly these go', () => {
    const { rig, machines, faulty } = members(SIZE, 2, 8)
    const bad = new Set(faulty)
    const startMs = rig.nowMs
    rig.loss = (_from, to) =>
      bad.has(to) && Math.floor((rig.nowMs - startMs) / 20_000 / SLOWER) % 2 === 0 ? 1 : undefined
    rig.run(15_000)
    expectOnlyTheseGone(machines, faulty)
  })

  it('ten lose 80 % of what they send and of what is sent to them: exactly these go', () => {
    const { rig, machines, faulty } = members(SIZE, 3, 8)
    const bad = new Set(faulty)
    rig.loss = (from, to) => (bad.has(to) || bad.has(from) ? 0.8 : undefined)
    rig.until(() => leastMembers(machines, bad) === SIZE - faulty.length, 200_000)
    rig.run(5_000)
    expectOnlyTheseGone(machines, faulty)
  })
})

describe('50 members and 7 voters', () => {
  for (const [what, ofSender] of [
    ['is sent to them', false],
    ['they send', true],
  ] as const) {
    it(`two voters and another lose 80 % of what ${what}: exactly these go`, () => {
      const { rig, machines, faulty } = members(50, 4, 1)
      const bad = new Set(faulty)
      rig.loss = (from, to) => (bad.has(ofSender ? from : to) ? 0.8 : undefined)
      rig.until(() => leastMembers(machines, bad) === 50 - faulty.length, 1_000_000)
      rig.run(5_000)
      expectOnlyTheseGone(machines, faulty)
    })
  }
})

function leastMembers(machines: readonly Machine[], bad: ReadonlySet<Machine>): number {
  return machines.find((machine) => !bad.has(machine))?.views.view?.members.length ?? 0
}
