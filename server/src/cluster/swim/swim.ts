/**
 * Membership by gossip: SWIM with Lifeguard on memberlist's wire, as one object that gets packets, streams and the time, and gives packets and events. Called
 * by the node, by the simulation and by benches. Deterministic from `random`.
 * Never throws for what comes from the network, and answers a packet from an unproven address with one acknowledgement at most.
 *
 * Sources: Das, Gupta, Motivala: SWIM (2002); Dadgar, Phillips, Currey: Lifeguard (2017).
 */
import { NetError } from '@tickmesh/shared'
import type { ClusterAddress } from '../life.ts'
import { formatAddress, parseAddress } from './addresses.ts'
import { Awareness } from './awareness.ts'
import { Exchanges } from './exchanges.ts'
import { MemberRecord, MemberTable, randomBelow } from './member-table.ts'
import { type Ack, type IndirectPing, type Message, type NodeState, OUR_VERSIONS, type Ping } from './messages.ts'
import { Outbox } from './outbox.ts'
import { makePackets } from './packets.ts'
import { type ProbeHost, Prober } from './prober.ts'
import { Relays } from './relays.ts'
import { SerfGossip } from './serf-gossip.ts'
import { StateRules } from './state-rules.ts'
import { makeStreams } from './streams.ts'
import { Suspicions } from './suspicions.ts'
import type { SwimApi, SwimHost, SwimOptions } from './swim-api.ts'
import { encodeTags } from './tags.ts'
import type { PacketReader } from './wire-api.ts'

const NO_PAYLOAD = new Uint8Array(0)
/** Between Serf's goodbye and memberlist's, in rounds of gossip: the first is to arrive first. */
const GOODBYE_ROUNDS = 2
/** Without a packet for so many probe intervals a member takes itself for deaf; and after so many the others for dead. */
const DEAF_INTERVALS = 2
const MAX_DEAF_INTERVALS = 60

export class Swim implements SwimApi {
  readonly refused: ReadonlyMap<string, number>
  readonly #refused = new Map<string, number>()
  readonly #options: SwimOptions
  readonly #host: SwimHost
  readonly #table: MemberTable
  readonly #awareness: Awareness
  readonly #suspicions: Suspicions
  readonly #rules: StateRules
  readonly #prober: Prober
  readonly #relays: Relays
  readonly #exchanges: Exchanges
  readonly #outbox: Outbox
  readonly #serf = new SerfGossip()
  readonly #reader: PacketReader
  readonly #refuse = (reason: string): void => {
    this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + 1)
  }
  /** Any moment at which gossip goes out; all others are whole intervals from there. */
  #gossipPhaseMs: number | undefined
  #gossipMs = Number.POSITIVE_INFINITY
  #leaveMs = Number.POSITIVE_INFINITY
  #isLeaving = false
  #packetsReceived = 0
  #heardMs = 0
  #bytesReceived = 0

  /** Throws BAD_ARGUMENT for an address without an IP address, TOO_LARGE for too many tags. */
  constructor(options: SwimOptions, host: SwimHost) {
    const { times, lifeguard, random } = options
    this.#options = options
    this.#host = host
    this.refused = this.#refused
    const packets = makePackets()
    this.#reader = packets
    this.#outbox = new Outbox(packets, times.retransmitMult, (to, packet) => host.sendPacket(to, packet))
    this.#table = new MemberTable(selfOf(options), random)
    this.#awareness = new Awareness(times.awarenessMax, lifeguard.awareness)
    this.#suspicions = new Suspicions(times, lifeguard.dynamicSuspicion)
    const table = this.#table
    this.#rules = new StateRules(
      { table, suspicions: this.#suspicions, awareness: this.#awareness },
      { cluster: options.tags.cluster, reapAfterMs: times.gossipToTheDeadMs },
      {
        broadcast: (subject, message, nowMs) => this.#broadcast(subject, message, nowMs),
        memberChanged: (member, before) => host.memberChanged(member, before),
        refuse: this.#refuse,
        note: (event, message) => host.note(event, message),
      },
    )
    this.#prober = new Prober(times, table, this.#awareness, this.#probeHost(), random)
    this.#relays = new Relays(times.probeTimeoutMs)
    this.#exchanges = new Exchanges(
      { table, rules: this.#rules, streams: makeStreams() },
      times.pushPullIntervalMs,
      {
        exchange: (to, request, id) => host.exchange(to, request, id),
        ackedOverTcp: (seqNo) => this.#prober.ackedOverTcp(seqNo),
        userBytes: (bytes, nowMs) => this.#user(bytes, nowMs),
        userState: (bytes) => this.#serf.receiveState(bytes),
        refuse: this.#refuse,
        note: (event, message) => host.note(event, message),
      },
      random,
    )
  }

  get members(): ReadonlyMap<string, MemberRecord> {
    return this.#table.byName
  }

  get awareness(): number {
    return this.#awareness.score
  }

  get counts(): SwimApi['counts'] {
    const { packetsSent, bytesSent } = this.#outbox
    return { packetsSent, bytesSent, packetsReceived: this.#packetsReceived, bytesReceived: this.#bytesReceived }
  }

  get nextMs(): number {
    const { nextMs: suspicionMs } = this.#suspicions
    const nextMs = Math.min(this.#gossipMs, this.#relays.nextMs, suspicionMs, this.#leaveMs)
    return this.#isLeaving ? nextMs : Math.min(nextMs, this.#prober.nextMs, this.#exchanges.nextMs)
  }

  tick(nowMs: number): void {
    if (this.#gossipPhaseMs === undefined) {
      this.#gossipPhaseMs = nowMs + randomBelow(this.#options.random, this.#options.times.gossipIntervalMs)
      this.#rules.announce(nowMs)
    } else if (!this.#isLeaving) this.#noticeStall(nowMs - this.#prober.nextMs)
    for (const { requester, requesterSeqNo: seqNo } of this.#relays.nacksDue(nowMs))
      this.#outbox.sendAlone(requester, [{ kind: 'nack', seqNo }], false)
    this.#awaitVoices(nowMs)
    this.#rules.suspicionsDue(nowMs)
    if (nowMs >= this.#leaveMs) {
      this.#leaveMs = Number.POSITIVE_INFINITY
      this.#rules.announceLeft(nowMs)
    }
    if (!this.#isLeaving) {
      this.#prober.tick(nowMs)
      this.#exchanges.tick(nowMs)
    }
    if (nowMs >= this.#gossipMs) this.#gossip(nowMs)
  }

  /** Hot: for each packet. */
  received(from: ClusterAddress, packet: Uint8Array, nowMs: number): void {
    this.#packetsReceived++
    this.#heardMs = nowMs
    this.#bytesReceived += packet.length
    const messages = this.#reader.read(packet, this.#refuse)
    for (let i = 0; i < messages.length; i++) {
      const message = messages[i]
      if (message !== undefined) this.#handle(from, message, nowMs)
    }
  }

  asked(_from: ClusterAddress, request: Uint8Array, nowMs: number): Uint8Array | 'more' | 'close' {
    return this.#exchanges.asked(request, nowMs)
  }

  answered(id: number, answer: Uint8Array | undefined, nowMs: number): void {
    this.#exchanges.answered(id, answer, nowMs)
  }

  setSeeds(seeds: readonly ClusterAddress[], nowMs: number): void {
    this.#exchanges.setSeeds(seeds, nowMs)
  }

  /** Throws TOO_LARGE. The tag `cluster` cannot change. */
  setTags(tags: Readonly<Record<string, string>>, nowMs: number): void {
    const { cluster } = this.#options.tags
    this.#rules.describeSelf(encodeTags(cluster === undefined ? tags : { ...tags, cluster }), nowMs)
  }

  /** From then on it probes nobody. Keep it running for a second or two, so that all hear of it. */
  leave(nowMs: number): void {
    if (this.#isLeaving) return
    this.#isLeaving = true
    this.#outbox.broadcastUser(this.#serf.leaveIntent(this.#options.name))
    this.#alignGossip(nowMs)
    this.#leaveMs = nowMs + GOODBYE_ROUNDS * this.#options.times.gossipIntervalMs
  }

  /** Members known from elsewhere, such as an earlier run: taken as they are, and not told to anybody. */
  remember(states: readonly NodeState[], nowMs: number): void {
    this.#rules.remember(states, nowMs)
  }

  /**
   * Whoever was stopped for a while finds all its timers over at once, and the answers that came meanwhile not yet read: before it judges others, it gives
   * them that time again. Lifeguard's score would learn of it only later.
   */
  #noticeStall(lateMs: number): void {
    if (lateMs < this.#options.times.probeTimeoutMs) return
    this.#suspicions.delay(lateMs)
    this.#prober.delay(lateMs)
    this.#awareness.add(1)
  }

  /**
   * Whoever hears nobody at all cannot hear a contradiction either: while it is deaf it declares nobody dead, for a bounded time. Beyond Lifeguard, and part of
   * awareness. Of three members two may well be dead at once.
   */
  #awaitVoices(nowMs: number): void {
    const { lifeguard, times } = this.#options
    if (!lifeguard.awareness || this.#table.size <= 3 || nowMs < this.#suspicions.nextMs) return
    const deafMs = nowMs - this.#heardMs
    if (deafMs < DEAF_INTERVALS * times.probeIntervalMs || deafMs > MAX_DEAF_INTERVALS * times.probeIntervalMs) return
    this.#suspicions.delay(times.probeIntervalMs)
  }

  #handle(from: ClusterAddress, message: Message, nowMs: number): void {
    switch (message.kind) {
      case 'ping':
        return this.#ping(from, message)
      case 'indirectPing':
        return this.#indirectPing(from, message, nowMs)
      case 'ack':
        return this.#ack(message, nowMs)
      case 'nack':
        return this.#prober.nacked(message.seqNo)
      case 'suspect':
        return this.#rules.suspect(message, nowMs)
      case 'alive':
        return this.#rules.alive(message, nowMs)
      case 'dead':
        return this.#rules.dead(message, nowMs)
      case 'user':
        // Passed on to all, so not from just anywhere.
        if (this.#table.isAddress(from)) this.#user(message.bytes, nowMs)
        else this.#refuse('stranger')
    }
  }

  #ping(from: ClusterAddress, { node, seqNo, source }: Ping): void {
    if (node !== '' && node !== this.#options.name) return this.#refuse('recipient')
    this.#reply(this.#replyTo(from, source), { kind: 'ack', seqNo, payload: NO_PAYLOAD })
  }

  #indirectPing(from: ClusterAddress, message: IndirectPing, nowMs: number): void {
    const { seqNo, nack, source } = message
    const requester = this.#replyTo(from, source)
    const target = this.#table.get(message.node)
    // Only members are pinged for members: nobody is to be flooded through us.
    if (target?.address !== formatAddress(message.target) || !this.#table.isAddress(requester))
      return this.#refuse('relay')
    const own = this.#prober.drawSeqNo()
    if (!this.#relays.add(own, requester, seqNo, nack, nowMs)) return this.#refuse('relays')
    this.#outbox.sendWithNews(target.address, this.#pingOf(target, own), this.#table.size)
  }

  #ack({ seqNo }: Ack, nowMs: number): void {
    if (this.#prober.acked(seqNo, nowMs)) return
    const relay = this.#relays.answered(seqNo)
    if (relay !== undefined)
      this.#reply(relay.requester, { kind: 'ack', seqNo: relay.requesterSeqNo, payload: NO_PAYLOAD })
  }

  /** Not to wherever a packet says, but to members, or to where it came from. */
  #replyTo(from: ClusterAddress, source: Ping['source']): ClusterAddress {
    if (source === undefined) return from
    const said = formatAddress(source)
    return this.#table.isAddress(said) ? said : from
  }

  /** Members get news beside it, others nothing that is longer than what they sent. */
  #reply(to: ClusterAddress, message: Message): void {
    if (this.#table.isAddress(to)) this.#outbox.sendWithNews(to, message, this.#table.size)
    else this.#outbox.sendAlone(to, [message], false)
  }

  #user(bytes: Uint8Array, nowMs: number): void {
    if (!this.#serf.receive(bytes)) return
    this.#outbox.broadcastUser(bytes)
    this.#alignGossip(nowMs)
  }

  #broadcast(subject: string, message: Message, nowMs: number): void {
    this.#outbox.broadcast(subject, message)
    this.#alignGossip(nowMs)
  }

  /** While there is nothing to tell, no gossip is due; then it is at the next of its moments. */
  #alignGossip(nowMs: number): void {
    if (this.#gossipMs !== Number.POSITIVE_INFINITY || this.#gossipPhaseMs === undefined) return
    const { gossipIntervalMs } = this.#options.times
    const rounds = Math.max(0, Math.ceil((nowMs - this.#gossipPhaseMs) / gossipIntervalMs))
    this.#gossipMs = this.#gossipPhaseMs + rounds * gossipIntervalMs
  }

  #gossip(nowMs: number): void {
    const { gossipNodes, gossipToTheDeadMs } = this.#options.times
    const members = this.#table.size
    const hears = (record: MemberRecord) =>
      record.isLive || (record.state === 'dead' && nowMs - record.stateMs <= gossipToTheDeadMs)
    for (const record of this.#table.sample(gossipNodes, hears))
      this.#outbox.sendNews(record.address, members, record.speaks(5))
    this.#gossipMs = Number.POSITIVE_INFINITY
    if (this.#outbox.waiting > 0) this.#alignGossip(nowMs + 1)
  }

  #pingOf(target: MemberRecord, seqNo: number): Ping {
    const { endpoint, name } = this.#table.self
    return { kind: 'ping', seqNo, node: target.name, source: { ip: endpoint.ip, port: endpoint.port, node: name } }
  }

  #probeHost(): ProbeHost {
    const { lifeguard, times, name } = this.#options
    return {
      beforeRound: (nowMs) => {
        for (const record of this.#table.reap(nowMs - times.gossipToTheDeadMs))
          if (record.state === 'dead') this.#exchanges.lost(record, nowMs)
      },
      ping: (target, seqNo) => {
        const ping = this.#pingOf(target, seqNo)
        const { address, incarnation } = target
        // The buddy system: the accused hears of it first from whoever probes it.
        if (lifeguard.buddy && target.state === 'suspect') {
          const suspect: Message = { kind: 'suspect', incarnation, node: target.name, from: name }
          this.#outbox.sendAlone(address, [ping, suspect], target.speaks(5))
        } else this.#outbox.sendWithNews(address, ping, this.#table.size)
      },
      askRelay: (relay, target, seqNo, nack) => {
        const { source } = this.#pingOf(target, seqNo)
        const asked: IndirectPing = {
          kind: 'indirectPing',
          seqNo,
          target: target.endpoint,
          node: target.name,
          nack,
          source,
        }
        this.#outbox.sendWithNews(relay.address, asked, this.#table.size)
      },
      pingOverTcp: (target, seqNo) => this.#exchanges.ping(target.address, this.#pingOf(target, seqNo)),
      failed: ({ name: node, incarnation }, nowMs) => this.#rules.suspect({ node, incarnation, from: name }, nowMs),
      onlyTcp: (target) =>
        this.#host.note('tcp', `${target.name} answers over TCP, and not over UDP: is UDP let through?`),
    }
  }
}

function selfOf({ name, address, tags, incarnation }: SwimOptions): MemberRecord {
  const endpoint = parseAddress(address)
  if (endpoint === undefined)
    throw new NetError(
      'BAD_ARGUMENT',
      `the cluster address ${address} is no IP address and port.`,
      'Give one such as 10.0.0.4:7946.',
    )
  const self = new MemberRecord(name, address, endpoint, Uint8Array.from(OUR_VERSIONS))
  self.setMeta(encodeTags(tags), undefined)
  self.incarnation = incarnation >>> 0
  self.state = 'alive'
  return self
}
