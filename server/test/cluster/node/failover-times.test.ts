/** How long it takes from an owner's death until a holder goes on, on virtual time over a network that takes 0.3 ms: all that is not a lease must be short. */
import { describe, expect, it } from 'vitest'
import { LEASE_TIMES } from '../../../src/cluster/view/view-times.ts'
import { type Death, FailoverRig } from './failover-rig.ts'

const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8]
/** W. */
const REST_MS = LEASE_TIMES.clockBound * LEASE_TIMES.leaseMs

function dies(shards: number, seed: number, death: Death) {
  const rig = new FailoverRig(shards, seed)
  const owner = rig.start()
  const tookMs = rig.kill(owner, death)
  const runners = rig.shards.filter(({ isUp, running }) => isUp && running.has('match'))
  expect(runners).toHaveLength(1)
  return { tookMs, afterGrantMs: rig.nowMs - rig.grantMs(owner.node.life) }
}

describe('from an owner’s death until a holder goes on with its room', () => {
  it('takes at most 60 ms when a supervisor saw the end, of three shards and of five', () => {
    for (const shards of [3, 5]) for (const seed of SEEDS) expect(dies(shards, seed, 'proven').tookMs).toBeLessThan(60)
  })

  it('takes at most 60 ms when only one shard hears the supervisor', () => {
    for (const seed of SEEDS) expect(dies(3, seed, 'proven to one').tookMs).toBeLessThan(60)
  })

  it('takes until the leases are over, and at most 80 ms more, when connections are refused', () => {
    for (const seed of SEEDS) {
      const { afterGrantMs } = dies(3, seed, 'refused')
      expect(afterGrantMs).toBeGreaterThanOrEqual(REST_MS)
      expect(afterGrantMs).toBeLessThan(REST_MS + 80)
    }
  })

  it('takes at most 2.4 s when it stands still, and nothing is refused', () => {
    for (const seed of SEEDS) {
      const { tookMs, afterGrantMs } = dies(3, seed, 'frozen')
      expect(tookMs).toBeLessThan(2_400)
      expect(afterGrantMs).toBeGreaterThanOrEqual(REST_MS)
    }
  })
})
