/**
 * Effects, spawned entities and presses on bad networks, over seeds and conditions: never twice, never lost without notice, never stuck.
 */
import type { Room } from '@tickmesh/client'
import type { ImpairmentOptions } from '@tickmesh/shared'
import { describe, expect, it } from 'vitest'
import { Lab } from '../src/lab/lab.ts'
import { pilot } from '../src/lab/pilot.ts'
import { type Battery, batteryRules, makeBattery, ROCKET_SPEED } from './battery-game.ts'
import { clientOf } from './client-of.ts'
import { FrozenLink } from './frozen-link.ts'

interface Condition {
  readonly name: string
  readonly ordered: boolean
  readonly direction: ImpairmentOptions
  /** The first player's link stands still, once, for so long. */
  readonly freezeMs?: number
}

const CONDITIONS: readonly Condition[] = [
  { name: 'ordered, jitter 50', ordered: true, direction: { delayMs: 50, jitterMs: 25 } },
  { name: 'ordered, loss 5 %', ordered: true, direction: { delayMs: 50, jitterMs: 15, loss: 0.05, lossBurst: 3 } },
  { name: 'ordered, a freeze', ordered: true, direction: { delayMs: 50, jitterMs: 15 }, freezeMs: 700 },
  { name: 'ordered, a long freeze', ordered: true, direction: { delayMs: 50, jitterMs: 15 }, freezeMs: 3_000 },
  { name: 'datagrams, jitter 50', ordered: false, direction: { delayMs: 50, jitterMs: 25 } },
  { name: 'datagrams, loss 5 %', ordered: false, direction: { delayMs: 50, jitterMs: 15, loss: 0.05, lossBurst: 3 } },
  { name: 'datagrams, loss 10 %', ordered: false, direction: { delayMs: 50, jitterMs: 25, loss: 0.1, lossBurst: 3 } },
  {
    name: 'datagrams that come twice and in another order',
    ordered: false,
    direction: { delayMs: 50, jitterMs: 25, duplicate: 0.3, reorder: 0.2, reorderMs: 60, loss: 0.02 },
  },
  { name: 'datagrams, a freeze', ordered: false, direction: { delayMs: 50, jitterMs: 15 }, freezeMs: 700 },
  { name: 'datagrams, a long freeze', ordered: false, direction: { delayMs: 50, jitterMs: 15 }, freezeMs: 3_000 },
]

const PLAYERS = 3
/** How far a rocket goes in a tick, and a bit: drawn between two ticks, a correction of its start shows as that at most. */
const TICK_OF_ROCKET = ROCKET_SPEED / 60 + 0.1

/** What one player heard and saw, and what it did. */
class Witness {
  presses = 0
  readonly room: Room<Battery>
  /** By effect: how often it was played, less how often withdrawn. */
  readonly net = new Map<string, number>()
  /** The same of effects that were once at 2 or more, or below 0. */
  readonly wrong: string[] = []
  worstJump = 0
  rocketFrames = 0
  lastDrawn = 0

  constructor(room: Room<Battery>) {
    this.room = room
    for (const name of ['shot', 'launched', 'exploded'] as const) {
      room.onEvent(name, ({ seat, number }) => this.add(`${name} ${seat} ${number}`, 1))
      room.onEventWithdrawn(name, ({ seat, number }) => this.add(`${name} ${seat} ${number}`, -1))
    }
    this.watchRockets()
  }

  private add(effect: string, change: number): void {
    const net = (this.net.get(effect) ?? 0) + change
    this.net.set(effect, net)
    if (net > 1 || net < 0) this.wrong.push(effect)
  }

  private watchRockets(): void {
    const { room } = this
    const before = new Map<number, { x: number; tick: number }>()
    room.onStall(() => before.clear())
    const { offsetOf } = clientOf(room)
    const left = Math.exp(-1000 / 60 / 80)
    room.onFrame((view, { tick }) => {
      this.lastDrawn = view.rocket.count
      for (const { id, x, owner, fuse } of view.rocket) {
        if (owner !== room.seat || fuse < 3) continue
        const last = before.get(id)
        before.set(id, { x, tick })
        if (last === undefined) continue
        this.rocketFrames++
        const explained = (ROCKET_SPEED * Math.max(1, tick - last.tick)) / 60
        const decay = (Math.abs(offsetOf(id, 0)) / 256) * (1 / left - 1)
        this.worstJump = Math.max(this.worstJump, Math.abs(x - last.x) - explained - decay)
      }
    })
  }

  readonly played = (seat: number): string[] =>
    [...this.net].filter(([effect, net]) => net === 1 && effect.split(' ')[1] === `${seat}`).map(([effect]) => effect)
}

async function battle(condition: Condition, seed: number) {
  const truth: string[] = []
  const lab = new Lab<Battery>({ game: makeBattery((effect) => truth.push(effect)), rules: batteryRules, seed })
  const frozen = new FrozenLink(!condition.ordered)
  const frozenDown = new FrozenLink(!condition.ordered)
  const pilots = Array.from({ length: PLAYERS }, (_, n) => pilot(seed * 100 + n, { fire: 0.06, rocket: 0.03 }))
  const witnesses: Witness[] = []
  for (const [n, { sample }] of pilots.entries()) {
    const counted = () => {
      const { move, fire, rocket } = sample()
      const witness = witnesses[n]
      if (witness === undefined) return { move }
      witness.presses += fire + rocket
      return { move, fire, rocket }
    }
    const taps = n === 0 ? { tapClient: frozen.tap, tapServer: frozenDown.tap } : {}
    const path = { rttMs: 0, ordered: condition.ordered, direction: condition.direction }
    witnesses[n] = new Witness(await lab.join({ path, sample: counted, ...taps }))
  }
  await lab.run(500)
  const mark = truth.length
  await lab.run(5_000)
  if (condition.freezeMs !== undefined) {
    frozen.freeze()
    frozenDown.freeze()
    await lab.run(condition.freezeMs)
    frozen.thaw()
    frozenDown.thaw()
  }
  await lab.run(5_000)
  for (const { stop } of pilots) stop()
  await lab.run(4_500)
  return { lab, truth, mark, witnesses }
}

/**
 * Compares what one player heard with what happened after `mark` (all had joined). Gives how many effects were compared. Effects are named by counts of presses:
 * a refused press gives later ones other numbers, so then only their sum is compared.
 */
function checkEffects(
  { room, wrong, net, played }: Witness,
  truth: readonly string[],
  mark: number,
  refused: number,
): number {
  const { eventTicksUntold: untold, eventsStale, eventsWithdrawn } = room.stats
  const since = truth.slice(mark)
  const ownOf = (effects: readonly string[]) => effects.filter((effect) => effect.split(' ')[1] === `${room.seat}`)
  // What was told of in full.
  if (untold > 0) return 0
  const missing = since.filter((effect) => !net.has(effect) || net.get(effect) === 0)
  const missingOwn = ownOf(missing)
  expect(missing.length - missingOwn.length).toBeLessThanOrEqual(eventsStale)
  if (refused > 0) {
    const sum = ownOf([...net.keys()]).reduce((total, effect) => total + (net.get(effect) ?? 0), 0)
    expect(sum).toBe(ownOf(truth).length)
    expect(eventsWithdrawn).toBeGreaterThan(0)
    return 0
  }
  expect(wrong).toEqual([])
  expect(missingOwn).toEqual([])
  for (let seat = 1; seat <= PLAYERS; seat++)
    expect(played(seat).filter((effect) => !truth.includes(effect))).toEqual([])
  return since.length
}

describe('effects, spawned entities and presses', () => {
  for (const [index, condition] of CONDITIONS.entries()) {
    it(`${condition.name}: are played once, told of or counted, and end`, async () => {
      let compared = 0
      for (const seed of condition.ordered ? [1] : [1, 2]) {
        const { lab, truth, mark, witnesses } = await battle(condition, 1000 + index * 10 + seed)
        const server = [...lab.host.rooms.values()][0]
        expect(new Set(truth).size).toBe(truth.length)
        expect(server?.world.rocket.count).toBe(0)
        for (const witness of witnesses) {
          const { room, presses } = witness
          const { stats, seat } = room
          const player = server?.players.get(seat)
          const own = [...(server?.world.player ?? [])].find(({ owner }) => owner === seat)
          const refused = player?.stats.refusedPresses ?? 0
          // Every press was applied once, or is counted.
          expect((own?.presses ?? 0) + refused + stats.droppedPresses).toBe(presses)
          expect(refused).toBe(stats.refusedPresses)
          expect(witness.rocketFrames).toBeGreaterThan(1_000)
          expect(witness.worstJump).toBeLessThan(TICK_OF_ROCKET)
          expect(witness.lastDrawn).toBe(0)
          compared += checkEffects(witness, truth, mark, refused)
        }
      }
      expect(compared).toBeGreaterThan(300)
    })
  }
})
