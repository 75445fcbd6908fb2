/**
 * One cell on virtual time: two players, the server and the network in one process, from a seed.
 */
import { SeededRandom } from '@tickmesh/shared'
import { type Condition, directionOf, type JitterShape } from '../lab/conditions.ts'
import { Lab } from '../lab/lab.ts'
import { TapLink } from '../lab/tap-link.ts'
import { latencyRules } from './latency-game.ts'
import { PLAYERS, PressFollower } from './press-follower.ts'
import type { PressRecord } from './press-log.ts'
import { pressTimes } from './press-times.ts'

export interface CellPlan {
  readonly seed: number
  readonly warmUpMs: number
  readonly measuredMs: number
  readonly displayHz: number
  readonly jitterShape: JitterShape
}

/** What was pressed gets so long to show. */
export const DRAIN_MS = 5_000

/** The presses of both players. The same plan and condition give the same records, bit for bit. */
export async function playVirtual(condition: Condition, plan: CellPlan): Promise<readonly PressRecord[]> {
  const { seed, displayHz } = plan
  let now = () => 0
  const follower = new PressFollower(() => now())
  const lab = new Lab({ game: follower.game, rules: latencyRules, seed, development: false })
  now = () => lab.scheduler.now()
  const path = {
    rttMs: condition.rttMs,
    direction: directionOf(condition, plan.jitterShape),
    ordered: condition.link === 'ordered',
  }
  for (let index = 0; index < PLAYERS; index++) {
    const room = await lab.join({
      path,
      displayHz,
      tapClient: (link) => new TapLink(link, follower.tapClient(index)),
      tapServer: (link) => new TapLink(link, follower.tapServer(index)),
    })
    follower.watch(index, room)
  }
  await lab.run(plan.warmUpMs)
  const random = new SeededRandom(seed)
  for (let index = 0; index < PLAYERS; index++) {
    for (const time of pressTimes(random, now(), plan.measuredMs)) lab.scheduler.at(time, () => follower.press(index))
  }
  await lab.run(plan.measuredMs + DRAIN_MS)
  return follower.logs.flatMap(({ records }) => records)
}
