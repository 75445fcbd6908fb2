/**
 * How fast gossip is at so many members, and what it costs: crashes until the first and until all survivors hold the member dead, an update of one member's
 * tags until all have it, and packets while nothing happens. In simulated time.
 */
import type { Lifeguard, SwimTimes } from '@tickmesh/server/cluster'
import { percentile, round, sum } from '../figures.ts'
import { GossipNetwork, nameOf } from './gossip-network.ts'

export interface MembershipSettings {
  readonly members: number
  readonly crashes: number
  readonly updates: number
  readonly quietSeconds: number
  readonly times: SwimTimes
  readonly lifeguard: Lifeguard
  readonly seed: number
}

export interface Spread {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

export interface MembershipResult {
  readonly members: number
  /** From a crash until the first survivor held it dead, over the crashes. */
  readonly detectionFirstMs: Spread
  /** From a crash until a survivor held it dead, over all survivors of all crashes: `max` is until all did. */
  readonly detectionAllMs: Spread
  /** From an update of tags until a member had it, over all members and updates. */
  readonly spreadMs: Spread
  readonly packetsPerMemberSecond: number
  readonly bytesPerMemberSecond: number
  /** Members held dead that were well. */
  readonly falseDeaths: number
  /** Survivors that had not noticed by the end: 0. */
  readonly missed: number
}

/** Longer than any suspicion: 72 s at 1,000 members without confirmation. */
const CRASH_PATIENCE_MS = 90_000
const UPDATE_EVERY_MS = 1_500
const WARM_UP_MS = 3_000

/** `onStep` is called `stepsOf` times. */
export function measureMembership(settings: MembershipSettings, onStep: () => void): MembershipResult {
  const { members, crashes, updates, quietSeconds } = settings
  const crashed = new Map<string, { readonly atMs: number; readonly heardMs: (number | undefined)[] }>()
  const updated = new Map<string, number>()
  const spreadMs: number[] = []
  let falseDeaths = 0
  const network = new GossipNetwork({
    ...settings,
    changed: (observer, { name, state }) => {
      const nowMs = network.nowMs
      const crash = crashed.get(name)
      if (state === 'dead' && crash === undefined) falseDeaths++
      if (state === 'dead' && crash !== undefined) crash.heardMs[observer] ??= nowMs - crash.atMs
      const updateMs = updated.get(name)
      if (updateMs !== undefined && name !== nameOf(observer)) spreadMs.push(nowMs - updateMs)
    },
  })
  network.run(WARM_UP_MS)
  onStep()
  const quiet = countQuiet(network, members, quietSeconds)
  onStep()
  for (let update = 0; update < updates; update++) {
    const index = update % members
    updated.set(nameOf(index), network.nowMs)
    network.swim(index).setTags({ role: 'tickmesh', status: `update ${update}` }, network.nowMs)
    network.touched(index)
    network.run(UPDATE_EVERY_MS * Math.ceil(Math.log10(members)))
    updated.clear()
  }
  onStep()
  // One after another: who loses several at once has fewer to ask, and doubts itself.
  for (let crash = 0; crash < crashes; crash++) {
    const heardMs: (number | undefined)[] = []
    crashed.set(nameOf(crash), { atMs: network.nowMs, heardMs })
    network.crash(crash)
    const endMs = network.nowMs + CRASH_PATIENCE_MS
    while (network.nowMs < endMs && heardOf(heardMs, crashes).length < members - crashes) network.run(1_000)
  }
  onStep()
  const heard = [...crashed.values()].map(({ heardMs }) => heardOf(heardMs, crashes))
  const perMemberSecond = members * quietSeconds
  return {
    members,
    detectionFirstMs: spreadOf(heard.filter((times) => times.length > 0).map((times) => Math.min(...times))),
    detectionAllMs: spreadOf(heard.flat()),
    spreadMs: spreadOf(spreadMs),
    packetsPerMemberSecond: round(quiet.packets / perMemberSecond, 2),
    bytesPerMemberSecond: round(quiet.bytes / perMemberSecond, 1),
    falseDeaths,
    missed: sum(heard.map((times) => members - crashes - times.length)),
  }
}

export const MEMBERSHIP_STEPS = 4

/** Of those that survive all crashes. */
function heardOf(heardMs: readonly (number | undefined)[], crashes: number): number[] {
  return heardMs.slice(crashes).filter((ms) => ms !== undefined)
}

function countQuiet(network: GossipNetwork, members: number, seconds: number) {
  const total = () => {
    const counts = Array.from({ length: members }, (_, index) => network.swim(index).counts)
    return {
      packets: sum(counts.map(({ packetsSent }) => packetsSent)),
      bytes: sum(counts.map(({ bytesSent }) => bytesSent)),
    }
  }
  const before = total()
  network.run(seconds * 1_000)
  const after = total()
  return { packets: after.packets - before.packets, bytes: after.bytes - before.bytes }
}

function spreadOf(values: readonly number[]): Spread {
  const at = (share: number) => round(percentile(values, share))
  return { p50: at(0.5), p99: at(0.99), max: at(1) }
}
