/**
 * Probing, one member at a time: a ping; without an answer, pings by others and one over TCP; without any answer by the end of the interval, a suspicion.
 * Called by swim.ts. Holds Lifeguard's arithmetic of nacks: who gets neither acks nor nacks has reason to doubt itself.
 */
import type { Awareness } from './awareness.ts'
import { type MemberRecord, type MemberTable, randomBelow } from './member-table.ts'
import type { SwimTimes } from './swim-api.ts'

export interface ProbeHost {
  /** Called once round the members, before a new order is drawn. */
  beforeRound(nowMs: number): void
  ping(target: MemberRecord, seqNo: number): void
  askRelay(relay: MemberRecord, target: MemberRecord, seqNo: number, nack: boolean): void
  pingOverTcp(target: MemberRecord, seqNo: number): void
  /** Nobody reached it. */
  failed(target: MemberRecord, nowMs: number): void
  /** Only TCP reached it. */
  onlyTcp(target: MemberRecord): void
}

interface Probe {
  readonly target: MemberRecord
  readonly seqNo: number
  indirectMs: number
  endMs: number
  asked: boolean
  expectedNacks: number
  nacks: number
  overTcp: boolean
}

export class Prober {
  readonly #times: SwimTimes
  readonly #table: MemberTable
  readonly #awareness: Awareness
  readonly #host: ProbeHost
  readonly #random: () => number
  #probe: Probe | undefined
  #seqNo: number
  #nextMs: number | undefined

  constructor(times: SwimTimes, table: MemberTable, awareness: Awareness, host: ProbeHost, random: () => number) {
    this.#times = times
    this.#table = table
    this.#awareness = awareness
    this.#host = host
    this.#random = random
    this.#seqNo = random() & 0x7fff_ffff
  }

  get nextMs(): number {
    const probe = this.#probe
    if (probe === undefined) return this.#nextMs ?? Number.NEGATIVE_INFINITY
    return probe.asked ? probe.endMs : Math.min(probe.indirectMs, probe.endMs)
  }

  /** Never used twice within 2^32 probes. */
  drawSeqNo(): number {
    this.#seqNo = (this.#seqNo + 1) >>> 0
    return this.#seqNo
  }

  tick(nowMs: number): void {
    // Starts anywhere within the interval, so that members that start together do not probe together.
    this.#nextMs ??= nowMs + randomBelow(this.#random, this.#times.probeIntervalMs)
    const probe = this.#probe
    if (probe !== undefined) {
      if (!probe.asked && nowMs >= probe.indirectMs) this.#askOthers(probe)
      if (nowMs >= probe.endMs) this.#end(probe, nowMs)
    }
    if (this.#probe === undefined && nowMs >= this.#nextMs) this.#begin(nowMs)
  }

  /** So much more time for the probe that runs: nobody was there to hear an answer. */
  delay(ms: number): void {
    if (this.#probe === undefined) return
    this.#probe.indirectMs += ms
    this.#probe.endMs += ms
  }

  /** Whether it was the answer to the probe that runs. */
  acked(seqNo: number, nowMs: number): boolean {
    if (this.#probe?.seqNo !== seqNo) return false
    this.#probe = undefined
    // While one doubts oneself a probe takes longer than the interval.
    this.#nextMs = Math.max(this.#nextMs ?? nowMs, nowMs)
    this.#awareness.add(-1)
    return true
  }

  nacked(seqNo: number): void {
    const probe = this.#probe
    if (probe?.seqNo === seqNo && probe.nacks < probe.expectedNacks) probe.nacks++
  }

  ackedOverTcp(seqNo: number): void {
    if (this.#probe?.seqNo === seqNo) this.#probe.overTcp = true
  }

  #begin(nowMs: number): void {
    const { probeIntervalMs, probeTimeoutMs } = this.#times
    this.#nextMs = nowMs + probeIntervalMs
    const target = this.#table.nextToProbe(() => this.#host.beforeRound(nowMs))
    if (target === undefined) return
    const seqNo = this.drawSeqNo()
    const endMs = nowMs + this.#awareness.scale(probeIntervalMs)
    const indirectMs = nowMs + probeTimeoutMs
    this.#probe = { target, seqNo, indirectMs, endMs, asked: false, expectedNacks: 0, nacks: 0, overTcp: false }
    this.#host.ping(target, seqNo)
  }

  #askOthers(probe: Probe): void {
    const { target, seqNo } = probe
    probe.asked = true
    const relays = this.#table.sample(
      this.#times.indirectChecks,
      (record) => record !== target && record.state === 'alive',
    )
    for (const relay of relays) {
      const nack = relay.speaks(4)
      if (nack) probe.expectedNacks++
      this.#host.askRelay(relay, target, seqNo, nack)
    }
    if (target.speaks(3)) this.#host.pingOverTcp(target, seqNo)
  }

  #end(probe: Probe, nowMs: number): void {
    const { target, expectedNacks, nacks, overTcp } = probe
    this.#probe = undefined
    if (overTcp) {
      this.#host.onlyTcp(target)
      return
    }
    this.#awareness.add(expectedNacks > 0 ? expectedNacks - nacks : 1)
    this.#host.failed(target, nowMs)
  }
}
