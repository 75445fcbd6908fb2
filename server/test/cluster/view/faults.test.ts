import { describe, expect, it } from 'vitest'
import { VIEW_RULES, type ViewRules } from '../../../src/cluster/view/view-rules.ts'
import { type Machine, Rig } from './rig.ts'

/**
 * Random faults on a few machines. The rig checks at every event that views are one chain, and that nobody may take over what a removed life still holds;
 * afterwards all is healed, and everybody has to come to one view with leases.
 */
function torment(seed: number, rules: ViewRules = VIEW_RULES, minutes = 1): Rig {
  const rig = new Rig({ seed, rules })
  const size = 3 + (seed % 4)
  const names = Array.from({ length: size }, (_, i) => `m${i}`)
  const current = new Map<string, Machine>()
  for (const name of names) {
    const offsetMs = rig.random() * 1e6
    const rate = 0.97 + rig.random() * 0.06
    current.set(name, rig.add(name, { kind: 'list', names }, { offsetMs, rate }))
  }
  const some = () => current.get(names[Math.floor(rig.random() * size)] ?? '') as Machine
  rig.run(4_000)
  const endMs = rig.nowMs + minutes * 60_000
  while (rig.nowMs < endMs) {
    const dice = rig.random()
    const machine = some()
    if (dice < 0.15) rig.stall(machine, rig.random() * 5_000)
    else if (dice < 0.3) current.set(machine.name, rig.restart(machine))
    else if (dice < 0.4) rig.link.lossShare = rig.random() * 0.3
    else if (dice < 0.5) Object.assign(rig.link, { maxMs: 5 + rig.random() * 300, copyShare: rig.random() * 0.2 })
    else if (dice < 0.6) rig.split([[machine, some()]])
    else if (dice < 0.75) {
      const cuts = Array.from({ length: 3 }, () => [some(), some()])
      rig.loss = (from, to) => (cuts.some(([a, b]) => a === from && b === to) ? 1 : undefined)
    } else rig.heal()
    rig.run(200 + rig.random() * 3_000)
    for (const one of current.values()) if (one.removed !== undefined) current.set(one.name, rig.restart(one))
  }
  rig.heal()
  rig.link.lossShare = 0
  Object.assign(rig.link, { maxMs: 5, copyShare: 0 })
  const restartRemoved = () => {
    for (const one of current.values()) if (one.removed !== undefined) current.set(one.name, rig.restart(one))
  }
  for (let i = 0; i < 120; i++) {
    rig.run(250)
    restartRemoved()
  }
  for (const machine of current.values()) {
    expect(machine.views.view?.members.map(({ life }) => life).sort(), rig.describe()).toEqual(
      [...current.values()].map(({ life }) => life).sort(),
    )
    expect(rig.holds(machine), rig.describe()).toBe(true)
  }
  return rig
}

describe('under random faults', () => {
  it('nobody may take over what a removed life still holds, and after healing all are in one view with leases', () => {
    for (let seed = 1; seed <= 8; seed++) {
      try {
        torment(seed)
      } catch (error) {
        throw new Error(`seed ${seed}`, { cause: error })
      }
    }
  })

  const mistakes: Record<string, Partial<ViewRules>> = {
    'waiting for nobody': { takeoverWaitMs: () => 0 },
    'timing a lease from the answer': { grantEndMs: (_sent, answered, { leaseMs }) => answered + leaseMs },
    'one grant that is enough': { leaseEndMs: (ends) => Math.max(...ends) },
  }
  for (const [mistake, rules] of Object.entries(mistakes)) {
    it(`notices ${mistake}`, () => {
      const planted = () => {
        for (let seed = 1; seed <= 8; seed++) torment(seed, { ...VIEW_RULES, ...rules })
      }
      expect(planted).toThrow(/may take over/)
    })
  }
})
