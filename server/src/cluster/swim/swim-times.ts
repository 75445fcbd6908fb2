/**
 * How fast gossip is. Passed to `Swim` by the node and by benches.
 * To choose: a crash is told after about 1 to 2 probe intervals plus `suspicionMinMs` (swim-scaling.ts). Shorter intervals cost packets in proportion: each
 * member sends and answers one ping per probe interval, whatever the cluster's size.
 */
import type { Lifeguard, SwimTimes } from './swim-api.ts'

/** memberlist's and Serf's profile for a local network. */
export const LAN_TIMES: SwimTimes = {
  probeIntervalMs: 1_000,
  probeTimeoutMs: 500,
  indirectChecks: 3,
  suspicionMult: 4,
  suspicionMaxTimeoutMult: 6,
  awarenessMax: 8,
  gossipIntervalMs: 200,
  gossipNodes: 3,
  gossipToTheDeadMs: 30_000,
  retransmitMult: 4,
  pushPullIntervalMs: 30_000,
}

/**
 * The default of shards: gossip only finds them and raises hints, and views remove. A hint comes after 0.5 to 1 s, a death is told after some 2 to 3 s; a
 * shard that lost all others is found again within about 5 s.
 */
export const GAME_TIMES: SwimTimes = {
  probeIntervalMs: 500,
  probeTimeoutMs: 200,
  indirectChecks: 3,
  suspicionMult: 4,
  suspicionMaxTimeoutMult: 6,
  awarenessMax: 8,
  gossipIntervalMs: 100,
  gossipNodes: 3,
  gossipToTheDeadMs: 30_000,
  retransmitMult: 4,
  pushPullIntervalMs: 5_000,
}

export const ALL_OF_LIFEGUARD: Lifeguard = { awareness: true, dynamicSuspicion: true, buddy: true }
/** Plain SWIM, for control runs. */
export const NO_LIFEGUARD: Lifeguard = { awareness: false, dynamicSuspicion: false, buddy: false }
