/**
 * A shard as pure code: gossip, views and leases, rooms, lobby, cluster time and jobs, tied together. Driven by sockets (net/) or by the simulation: packets, messages and
 * the time go in, packets and messages come out of the host.
 * Looks at the clock before anything else, at every call: after a stall the lease may be over, and nobody has been told. Once its life is over it does nothing more.
 */
import { ClusterClock } from '../clock/cluster-clock.ts'
import type { ClusterAddress, Life } from '../life.ts'
import type { Lobby } from '../lobby/lobby.ts'
import type { Migrations } from '../migrate/migrations.ts'
import type { Mover } from '../migrate/mover.ts'
import type { PartHost } from '../part.ts'
import { ClusterRooms } from '../ring/cluster-rooms.ts'
import type { Jobs } from '../ring/jobs.ts'
import type { CreateRequest, LocateAnswer } from '../ring/rooms-api.ts'
import type { Standby } from '../standby/standby.ts'
import type { Swim } from '../swim/swim.ts'
import type { RoomEpoch, View } from '../view/view.ts'
import type { Views } from '../view/views.ts'
import type {
  ClusterNodeApi,
  ClusterNodeHost,
  ClusterNodeOptions,
  ClusterStatus,
  GossipMember,
  PeerEnvelope,
} from './cluster-node-api.ts'
import { statusOf } from './cluster-status.ts'
import { Directory } from './directory.ts'
import {
  listingKeeper,
  makeJobs,
  makeLobby,
  makeMover,
  makeServices,
  makeStandby,
  makeSwim,
  makeViews,
  tagsOf,
} from './node-parts.ts'
import { NODE_RULES, type NodeRules } from './node-rules.ts'
import { PeerReceiver, parsePart } from './peer-parts.ts'
import { RoomFates } from './room-fates.ts'
import type { Services } from './services.ts'

/** How long a leaving shard waits to be removed from the view. */
const LEAVE_PATIENCE_MS = 2_500
/** How long its gossip says goodbye. */
const FAREWELL_MS = 1_000
const LOAD_EVERY_MS = 500
const MAX_SEEDS = 264

/** What becomes of a life: it runs, asks to be removed, says goodbye, is over. */
type Phase = 'running' | 'leaving' | 'farewell' | 'over'

export class ClusterNode implements ClusterNodeApi {
  readonly life: Life
  readonly lobby: Lobby
  readonly jobs: Jobs
  readonly services: Services
  readonly standby: Standby
  readonly moves: Migrations
  readonly #options: ClusterNodeOptions
  readonly #rules: NodeRules
  readonly #host: ClusterNodeHost
  readonly #views: Views
  readonly #rooms: ClusterRooms
  readonly #mover: Mover
  readonly #fates: RoomFates
  readonly #clock: ClusterClock
  readonly #swim: Swim
  readonly #directory: Directory
  readonly #receiver: PeerReceiver
  #phase: Phase = 'running'
  #isDraining = false
  /** When the phase is over at the latest. */
  #phaseEndMs = Number.POSITIVE_INFINITY
  /** As last told to the host. */
  #held = false
  /** The time of the call that runs. */
  #nowMs: number
  #loadMs: number
  #gossipNews = false
  #seeds: readonly ClusterAddress[]
  #refused = 0

  constructor(options: ClusterNodeOptions, host: ClusterNodeHost, nowMs: number) {
    const { life, cluster, random, wallMs, seeds } = options
    this.life = life
    this.#options = options
    this.#rules = options.nodeRules ?? NODE_RULES
    this.#host = host
    this.#nowMs = nowMs
    this.#loadMs = nowMs
    this.#directory = new Directory(cluster)
    this.#views = makeViews(options, this.#peers('view'), {
      viewInstalled: (view, before, atMs) => this.#viewInstalled(view, before, atMs),
      removed: (reason) => this.#removed(reason),
      remember: (memory) => host.remember(memory),
      note: (event, message) => host.note(event, message),
    })
    this.#clock = new ClusterClock({ life, wallMs: wallMs(), nowMs }, this.#peers('clock'))
    this.lobby = makeLobby(options, () => this.#clock.now(this.#nowMs), this.#peers('lobby'))
    this.#fates = new RoomFates(this.lobby, life)
    const mayAct = (atMs: number) => this.mayAct(atMs)
    this.#rooms = new ClusterRooms(
      {
        ...{ life, hash: options.hash, random, mayAct, ...(options.roomRules && { rules: options.roomRules }) },
        onOver: (id, epoch) => this.standby.over(id, epoch),
      },
      listingKeeper(host, this.lobby, life, this.#fates, () => this.#nowMs),
      this.#peers('rooms'),
    )
    this.standby = makeStandby(options, (room) => this.#rooms.candidatesFor(room), host, this.#peers('standby'))
    const { lobby, standby } = this
    this.#mover = makeMover(options, { rooms: this.#rooms, standby, lobby, mayAct }, host, this.#peers('moves'))
    this.moves = this.#mover.migrations
    this.jobs = makeJobs(options, mayAct, () => this.leaseEndMs)
    const isSingleton = (atMs: number) => this.jobs.mayRun(atMs)
    const create: ClusterNode['create'] = (request, atMs, done) => this.create(request, atMs, done)
    this.services = makeServices(options, { lobby: this.lobby, isSingleton, create }, this.#peers('calls'))
    const [views, rooms, clock, moves, calls] = [this.#views, this.#rooms, this.#clock, this.#mover, this.services]
    this.#receiver = new PeerReceiver({ view: views, rooms, lobby, clock, calls, standby, moves })
    this.#swim = makeSwim(options, host, (member, before) => this.#memberChanged(member, before))
    this.#seeds = seeds
    this.#swim.setSeeds(seeds, nowMs)
  }

  get view(): View | undefined {
    return this.#views.view
  }

  get leaseEndMs(): number {
    return this.#phase === 'running' || this.#phase === 'leaving' ? this.#views.leaseEndMs : Number.NEGATIVE_INFINITY
  }

  get owned(): ReadonlyMap<string, RoomEpoch> {
    return this.#rooms.owned
  }

  get nextMs(): number {
    if (this.#phase === 'over') return Number.POSITIVE_INFINITY
    if (this.#phase === 'farewell') return Math.min(this.#phaseEndMs, this.#swim.nextMs)
    return Math.min(
      this.#phaseEndMs,
      this.#held ? this.leaseEndMs : Number.POSITIVE_INFINITY,
      this.#views.nextMs,
      this.#rooms.nextMs,
      this.standby.nextMs,
      this.#mover.nextMs,
      this.lobby.nextMs,
      this.#clock.nextMs,
      this.jobs.nextMs,
      this.services.nextMs,
      this.#swim.nextMs,
      this.#loadMs,
    )
  }

  mayAct(nowMs: number): boolean {
    return this.#rules.mayAct(this.#held, this.#options.rules.mayAct(nowMs, this.leaseEndMs))
  }

  clusterMs(nowMs: number): number {
    return this.#clock.now(nowMs)
  }

  tick(nowMs: number): void {
    if (!this.#begin(nowMs)) return
    if (nowMs >= this.#phaseEndMs) this.#endPhase(nowMs)
    if (!this.#isPresent()) {
      if (this.#phase === 'farewell') this.#swim.tick(nowMs)
      return
    }
    if (nowMs >= this.#loadMs) {
      this.#loadMs = nowMs + LOAD_EVERY_MS
      this.lobby.setLoad(this.#host.load())
      this.#fates.tick(nowMs)
      if (this.#isDraining && this.#mover.isEmpty) this.leave(nowMs)
    }
    this.#swim.tick(nowMs)
    this.#views.tick(nowMs)
    this.#lookAtLease(nowMs)
    this.#rooms.tick(nowMs)
    this.standby.tick(nowMs)
    this.#mover.tick(nowMs)
    this.lobby.tick(nowMs)
    this.#clock.tick(nowMs)
    this.jobs.tick(nowMs)
    this.services.tick(nowMs)
    this.#end(nowMs)
  }

  gossipReceived(from: ClusterAddress, packet: Uint8Array, nowMs: number): void {
    if (!this.#begin(nowMs)) return
    this.#swim.received(from, packet, nowMs)
    this.#end(nowMs)
  }

  gossipAsked(from: ClusterAddress, request: Uint8Array, nowMs: number): Uint8Array | 'more' | 'close' {
    if (!this.#begin(nowMs)) return 'close'
    const answer = this.#swim.asked(from, request, nowMs)
    this.#end(nowMs)
    return answer
  }

  gossipAnswered(id: number, answer: Uint8Array | undefined, nowMs: number): void {
    if (!this.#begin(nowMs)) return
    this.#swim.answered(id, answer, nowMs)
    this.#end(nowMs)
  }

  peerReceived({ cluster, from, to, part, body }: PeerEnvelope, nowMs: number, at?: ClusterAddress): void {
    if (!this.#begin(nowMs) || !this.#isPresent()) return
    if (cluster !== this.#options.cluster || from === this.life || !this.#rules.isForMe(this.life, to)) {
      this.#refused++
      if (cluster === this.#options.cluster && from !== this.life && part === 'view') this.#missent(body, nowMs, at)
      return
    }
    if (!this.#receiver.receive(part, body, from, nowMs)) this.#refused++
    this.#end(nowMs)
  }

  /** Somebody takes an earlier life at this address for a member: whoever restarted without memory finds its cluster so. */
  #missent(body: unknown, nowMs: number, at: ClusterAddress | undefined): void {
    if (this.view !== undefined) return
    const parsed = parsePart('view', body)
    if (parsed?.part === 'view') this.#views.missent(parsed.message, nowMs)
    if (at !== undefined && !this.#seeds.includes(at) && this.#seeds.length < MAX_SEEDS) {
      this.#seeds = [...this.#seeds, at]
      this.#swim.setSeeds(this.#seeds, nowMs)
    }
    this.#end(nowMs)
  }

  peerRefused(address: ClusterAddress, nowMs: number): void {
    if (!this.#begin(nowMs) || !this.#isPresent()) return
    for (const life of this.#directory.membersAt(address)) {
      if (life !== this.life) this.#views.connectionRefused(life, nowMs)
    }
    this.#end(nowMs)
  }

  seedsChanged(seeds: readonly ClusterAddress[], nowMs: number): void {
    this.#seeds = seeds
    if (this.#begin(nowMs)) this.#swim.setSeeds(seeds, nowMs)
  }

  endProven(life: Life, nowMs: number): void {
    if (!this.#begin(nowMs) || !this.#isPresent()) return
    this.#views.endProven(life, nowMs)
    this.#end(nowMs)
  }

  locate(id: string, nowMs: number, done: (answer: LocateAnswer) => void): void {
    if (!this.#begin(nowMs)) return done({ kind: 'unknown', why: 'this shard has left the cluster' })
    this.#rooms.locate(id, nowMs, done)
    this.#end(nowMs)
  }

  create(request: CreateRequest, nowMs: number, done: (answer: LocateAnswer) => void): void {
    if (!this.#begin(nowMs)) return done({ kind: 'unknown', why: 'this shard has left the cluster' })
    this.#rooms.create(request, nowMs, done)
    this.#end(nowMs)
  }

  roomEnded(id: string, nowMs: number): void {
    if (!this.#begin(nowMs)) return
    this.lobby.remove(id)
    this.#rooms.ended(id, nowMs)
    this.#end(nowMs)
  }

  drain(nowMs: number): void {
    if (!this.#begin(nowMs) || this.#phase !== 'running' || this.#isDraining) return
    this.#isDraining = true
    this.#mover.drain(nowMs)
    this.#views.describe({ draining: true }, nowMs)
    this.#swim.setTags(tagsOf(this.#options, 'draining'), nowMs)
    this.#end(nowMs)
  }

  leave(nowMs: number): void {
    if (!this.#begin(nowMs) || this.#phase !== 'running') return
    this.#phase = 'leaving'
    this.#phaseEndMs = nowMs + LEAVE_PATIENCE_MS
    this.#swim.setTags(tagsOf(this.#options, 'leaving'), nowMs)
    this.#views.leave(nowMs)
    // The last one is removed by nobody.
    if (this.#phase === 'leaving' && this.view?.members.length === 1) this.#endPhase(nowMs)
    this.#end(nowMs)
  }

  status(nowMs: number): ClusterStatus {
    const { cluster, self } = this.#options
    const { lobby, standby } = this
    const [views, swim, rooms, clock, mover] = [this.#views, this.#swim, this.#rooms, this.#clock, this.#mover]
    return statusOf(
      { cluster, life: this.life, name: self.name, refused: this.#refused, singleton: this.jobs.runner },
      { views, swim, rooms, clock, lobby, standby, mover },
      nowMs,
    )
  }

  #isPresent(): boolean {
    return this.#phase === 'running' || this.#phase === 'leaving'
  }

  /** At the start of every call: what time is it, and is the lease still held? False: this life is over. */
  #begin(nowMs: number): boolean {
    this.#nowMs = nowMs
    if (this.#phase === 'over') return false
    this.#lookAtLease(nowMs)
    return true
  }

  /** What the call changed that others have to hear of. */
  #end(nowMs: number): void {
    if (!this.#isPresent()) return
    if (this.#gossipNews) {
      this.#gossipNews = false
      this.#views.knowShards(this.#directory.gossipChanged(this.#swim.members.values()), nowMs)
    }
    this.#lookAtLease(nowMs)
  }

  #lookAtLease(nowMs: number): void {
    const held = this.#options.rules.mayAct(nowMs, this.leaseEndMs)
    if (held === this.#held) return
    this.#held = held
    this.#host.leaseChanged(held)
    this.jobs.tick(nowMs)
    // Rooms may wait for nothing else.
    if (held) this.#rooms.tick(nowMs)
  }

  #viewInstalled(view: View, before: View | undefined, nowMs: number): void {
    const { takeoverFromMs } = this.#views
    this.#directory.viewInstalled(view)
    const gone = this.#fates.ownersGone(view)
    this.lobby.viewInstalled(view, before, nowMs)
    this.#fates.viewInstalled(view, takeoverFromMs, nowMs)
    this.#rooms.viewInstalled(view, before, takeoverFromMs, nowMs)
    this.#rooms.ownersGone(gone)
    this.standby.viewInstalled(view, nowMs)
    this.#mover.viewInstalled(view, nowMs)
    this.#clock.viewInstalled(view, nowMs)
    this.jobs.viewInstalled(view, takeoverFromMs, nowMs)
    this.services.viewInstalled(view, before)
    if (before === undefined) this.#swim.setTags(tagsOf(this.#options, this.#isDraining ? 'draining' : 'ready'), nowMs)
    this.#host.viewInstalled(view, before)
  }

  #removed(reason: string): void {
    if (this.#phase === 'leaving') this.#endPhase(this.#nowMs)
    else if (this.#phase === 'running') this.#finish(reason)
  }

  #endPhase(nowMs: number): void {
    if (this.#phase === 'farewell') return this.#finish('left')
    this.#stopRooms(nowMs)
    this.#phase = 'farewell'
    this.#phaseEndMs = nowMs + FAREWELL_MS
    this.#lookAtLease(nowMs)
    this.#swim.leave(nowMs)
  }

  #finish(reason: string): void {
    this.#stopRooms(this.#nowMs)
    this.#phase = 'over'
    this.#lookAtLease(this.#nowMs)
    this.#host.lifeEnded(reason)
  }

  #stopRooms(nowMs: number): void {
    this.#lookAtLease(nowMs)
    this.#rooms.stop()
    this.standby.stop()
    this.#mover.stop()
    this.jobs.stop(nowMs)
  }

  #memberChanged(member: GossipMember, before: GossipMember | undefined): void {
    this.#gossipNews = true
    const { life } = member.tags
    if (life === undefined || life === this.life || member.state === before?.state) return
    if (member.state !== 'alive') this.#views.look(life)
  }

  #peers<Message>(part: PeerEnvelope['part']): PartHost<Message> {
    const { cluster } = this.#options
    return {
      send: (to, body, lane) => {
        const address = this.#directory.addressOf(to)
        if (address === undefined || this.#phase === 'over') return
        this.#host.sendPeer(address, { cluster, from: this.life, to, part, body }, lane)
      },
    }
  }
}
