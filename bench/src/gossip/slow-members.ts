/**
 * Lifeguard's experiment: the messages of some members are held up again and again, as overloaded machines do; who is taken for dead then? A healthy member that is declared dead is
 * a false death, however many hear of it. Source: Dadgar, Phillips, Currey: Lifeguard: Local Health Awareness for More Accurate Failure Detection (2017).
 */
import { LAN_TIMES, type Lifeguard } from '@tickmesh/server/cluster'
import { SeededRandom } from '@tickmesh/shared'
import { GossipNetwork, nameOf } from './gossip-network.ts'

export interface SlowSettings {
  readonly members: number
  readonly slow: number
  /** How long the messages of a slow member are held, and how long it is well between, each time one of these. */
  readonly heldMs: readonly number[]
  readonly wellMs: readonly number[]
  readonly seconds: number
  readonly seed: number
}

export interface SlowResult {
  /** Healthy members declared dead by anybody: once for each incarnation that was. */
  readonly falseDeaths: number
  /** The same, counted by each healthy member that believed it. */
  readonly believedByHealthy: number
  /** Slow members declared dead: right or wrong, as one likes. */
  readonly slowDeaths: number
}

export function runSlowMembers(settings: SlowSettings, lifeguard: Lifeguard, onSecond: () => void): SlowResult {
  const { members, slow, heldMs, wellMs, seconds, seed } = settings
  const incidents = new Set<string>()
  const slowIncidents = new Set<string>()
  let believedByHealthy = 0
  const slowNames = new Set(Array.from({ length: slow }, (_, index) => nameOf(index)))
  const network = new GossipNetwork({
    members,
    times: LAN_TIMES,
    lifeguard,
    seed,
    changed: (observer, { name, state, incarnation }) => {
      if (state !== 'dead') return
      const incident = `${name}/${incarnation}`
      if (slowNames.has(name)) slowIncidents.add(incident)
      else {
        incidents.add(incident)
        if (observer >= slow) believedByHealthy++
      }
    },
  })
  network.run(5_000)
  const random = new SeededRandom(seed ^ 0x5eed)
  const pick = (from: readonly number[]) => from[random.int(0, from.length - 1)] ?? 0
  const slowDown = (index: number): void => {
    network.hold(index)
    network.scheduler.at(network.nowMs + pick(heldMs), () => {
      network.release(index)
      network.scheduler.at(network.nowMs + pick(wellMs), () => slowDown(index))
    })
  }
  for (let index = 0; index < slow; index++)
    network.scheduler.at(network.nowMs + random.next() * 1_000, () => slowDown(index))
  for (let second = 0; second < seconds; second++) {
    network.run(1_000)
    onSecond()
  }
  return { falseDeaths: incidents.size, believedByHealthy, slowDeaths: slowIncidents.size }
}
