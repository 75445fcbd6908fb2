/**
 * One life of a shard in the simulation: the real `ClusterNode` with the simulated outside as its host. Most of its rooms are light: they tick every 50 ms, as real ones
 * do, look at the lease, and send a frame to whoever follows them. Some are played (play/played-rooms.ts).
 */
import {
  ClusterNode,
  type ClusterNodeHost,
  type HeldClaim,
  type Life,
  type PeerEnvelope,
  type PeerLane,
  type RoomEpoch,
  type ShardKeeper,
  type View,
  type ViewMemory,
} from '@tickmesh/server/cluster'
import type { Link, SeededRandom } from '@tickmesh/shared'
import { Packr } from 'msgpackr'
import type { LobbyNews, SimClient } from './client.ts'
import type { Accused } from './judge.ts'
import { PlayedRooms } from './play/played-rooms.ts'
import { hashText } from './sim-rules.ts'
import type { ProcessHome } from './surroundings.ts'

const SOFT_ROOMS = 40
/** One message of so many is packed and unpacked on its way: the others travel as they are. */
const PACK_EVERY = 16
const MAX_DATAGRAM_BYTES = 1_200
const EXCHANGE_TIMEOUT_MS = 10_000

const packer = new Packr({ useRecords: false, moreTypes: false })

interface RunningRoom {
  readonly epoch: RoomEpoch
  readonly endsAtMs: number
  readonly followers: Set<SimClient>
}

export class Process implements ClusterNodeHost, Accused {
  readonly life: Life
  readonly machine: ProcessHome
  readonly node: ClusterNode
  /** The light ones. */
  readonly rooms = new Map<string, RunningRoom>()
  readonly played: PlayedRooms
  /** Why this life is over. */
  ended: string | undefined
  readonly #random: SeededRandom
  #leaseSeenUntilMs = Number.NEGATIVE_INFINITY
  #sent = 0
  #gone = false

  constructor(machine: ProcessHome, life: Life, random: SeededRandom) {
    this.machine = machine
    this.life = life
    this.#random = random
    const { around } = machine
    const { rules, time } = around
    const { url, name, address } = machine
    const isFounder = around.foundingNames.includes(name)
    this.node = new ClusterNode(
      {
        cluster: around.cluster,
        life,
        self: { name, address, url, zone: `zone-${machine.index % 2}`, weight: 1, draining: false },
        founding: isFounder ? { kind: 'list', names: around.foundingNames } : { kind: 'join' },
        seeds: around.seeds,
        schema: 'simulated',
        memory: machine.disk,
        rules: rules.view,
        roomRules: rules.rooms,
        lobbyRules: rules.lobby,
        jobRules: rules.jobs,
        nodeRules: rules.node,
        standbyRules: rules.standby,
        moveRules: rules.moves,
        times: rules.times,
        random: () => this.#random.uint32(),
        wallMs: () => machine.clock.wallAt(time.now()),
        hash: hashText,
        build: 'simulated',
        holders: around.holders,
        standbyMode: 'inputs',
      },
      this,
      machine.localMs,
    )
    this.played = new PlayedRooms(machine, this, random.uint32(), around.play())
    this.node.jobs.register('one of a kind', {
      start: () => around.judge.singletonStarts(this),
      stop: () => around.judge.singletonStops(this),
    })
  }

  leaseEndTrueMs(): number {
    if (this.#gone) return Number.NEGATIVE_INFINITY
    return this.machine.clock.trueAt(this.node.leaseEndMs)
  }

  get index(): number {
    return this.machine.index
  }

  runsSingleton(): boolean {
    return !this.#gone && this.node.jobs.mayRun(this.machine.localMs)
  }

  /** After each call of the node: what does that mean for the judge? */
  lookAtLease(): void {
    const { judge, time } = this.machine.around
    const endMs = this.leaseEndTrueMs()
    const nowMs = time.now()
    if (this.#leaseSeenUntilMs <= nowMs && endMs > nowMs) judge.leaseBack(this, this.epochs().keys())
    this.#leaseSeenUntilMs = endMs
  }

  gone(): void {
    this.#gone = true
    const { judge, play } = this.machine.around
    judge.gone(this, this.epochs().keys())
    this.rooms.clear()
    this.played.running.clear()
    play().lines.processDied(this.index)
  }

  /** Of all rooms that run here. */
  epochs(): Map<string, RoomEpoch> {
    const all = new Map(this.played.running)
    for (const [id, { epoch }] of this.rooms) all.set(id, epoch)
    return all
  }

  drain(nowMs: number): void {
    this.played.drain()
    this.node.drain(nowMs)
  }

  takeClient(link: Link, address: string): void {
    this.played.takeClient(link, address)
  }

  subscribe(room: string, client: SimClient): void {
    this.rooms.get(room)?.followers.add(client)
  }

  hear({ kind, subject, value }: LobbyNews): void {
    const { lobby } = this.node
    if (kind === 'line') lobby.say('lobby', subject, `line ${value}`)
    else if (kind === 'setting') lobby.set(subject, value === 0 ? undefined : value)
    else if (kind === 'ban') lobby.ban(subject)
    else if (kind === 'unban') lobby.unban(subject)
    else if (kind === 'here') lobby.setPresent({ id: subject, name: `name ${value}`, where: 'lobby' })
    else lobby.removePresent(subject)
  }

  tickRooms(nowMs: number): void {
    const { around } = this.machine
    const trueMs = around.time.now()
    for (const [id, room] of this.rooms) {
      if (!this.node.mayAct(nowMs)) continue
      if (trueMs > room.endsAtMs && !this.machine.calm) {
        this.rooms.delete(id)
        around.judge.closed(this, id)
        around.trace.add(trueMs, 'room ends', this.index, id)
        this.node.roomEnded(id, nowMs)
        continue
      }
      around.judge.acted(this, id, room.epoch)
      const frame = { room: id, epoch: room.epoch, life: this.life }
      for (const client of room.followers) {
        around.time.at(trueMs + around.network.delayMs(), () => client.receive(frame))
      }
    }
  }

  // The node's outside.

  open(id: string, epoch: RoomEpoch, attributes: Readonly<Record<string, unknown>>): boolean {
    if (this.machine.around.play().isPlayed(id)) return this.played.keeper.open(id, epoch, attributes)
    // Full, or it failed: the home has to find another.
    if (this.rooms.size >= 2 * SOFT_ROOMS || this.#random.next() < 0.15) return false
    const { around } = this.machine
    around.trace.add(around.time.now(), 'opens', this.index, `${id} ${epoch.generation}.${epoch.view}.${epoch.k}`)
    const endsAtMs = around.time.now() + 5_000 + 25_000 * this.#random.next()
    this.rooms.set(id, { epoch, endsAtMs, followers: new Set() })
    around.judge.opened(this, id, epoch)
    this.machine.startTicking()
    return true
  }

  close(id: string, why: 'lost-ownership' | 'removed'): void {
    const { around } = this.machine
    if (around.play().isPlayed(id)) return this.played.close(id, why)
    around.trace.add(around.time.now(), `closes, ${why}:`, this.index, id)
    this.rooms.delete(id)
    around.judge.closed(this, id)
  }

  load(): number {
    return Math.max(Math.min(1, this.rooms.size / SOFT_ROOMS), this.played.keeper.load())
  }

  loadOf(life: Life): number {
    return this.node.lobby.loadOf(life)
  }

  // Only rooms that are played have somebody who stands by, and are moved.

  takeOver(id: string, epoch: RoomEpoch): boolean {
    return this.played.takeOver(id, epoch)
  }

  holds(): Iterable<HeldClaim> {
    return this.played.keeper.holds()
  }

  lost(id: string, epoch: RoomEpoch): void {
    this.played.keeper.lost(id, epoch)
  }

  heldTo(room: string, tick: number): void {
    this.played.heldTo(room, tick)
  }

  holdersChanged(...given: Parameters<ShardKeeper['holdersChanged']>): void {
    this.played.holdersChanged(...given)
  }

  openReplica(...given: Parameters<ShardKeeper['openReplica']>): ReturnType<ShardKeeper['openReplica']> {
    return this.played.keeper.openReplica(...given)
  }

  diverged(room: string, tick: number, what: string): void {
    this.played.keeper.diverged(room, tick, what)
    this.machine.around.judge.accuse('a holder differs', `${room} tick ${tick}: ${what}`)
  }

  announce(room: string, url: string): void {
    this.played.keeper.announce(room, url)
  }

  connected(room: string): number {
    return this.played.keeper.connected(room)
  }

  bestHaltMs(room: string): number {
    return this.played.keeper.bestHaltMs(room)
  }

  halt(room: string): ReturnType<ShardKeeper['halt']> {
    return this.played.halt(room)
  }

  goOn(room: string, epoch: RoomEpoch): void {
    this.played.goOn(room, epoch)
  }

  calledOff(room: string): void {
    this.played.keeper.calledOff(room)
  }

  handedOver(...given: Parameters<ShardKeeper['handedOver']>): void {
    this.played.keeper.handedOver(...given)
  }

  expect(room: string, isExpected: boolean): void {
    this.played.keeper.expect(room, isExpected)
  }

  arrived(room: string): number {
    return this.played.keeper.arrived(room)
  }

  openAt(...given: Parameters<ShardKeeper['openAt']>): boolean {
    return this.played.keeper.openAt(...given)
  }

  sendGossip(to: string, packet: Uint8Array): void {
    const { around, index } = this.machine
    const target = around.byAddress.get(to)
    if (target === undefined) return
    const from = this.machine.address
    around.network.datagram(index, target.index, () =>
      target.accept((process, nowMs) => {
        around.trace.add(around.time.now(), 'gossip', target.index, packet.length)
        process.node.gossipReceived(from, packet, nowMs)
      }),
    )
  }

  exchangeGossip(to: string, request: Uint8Array, id: number): void {
    const { around, index, boot } = this.machine
    const { network, time, trace } = around
    const target = around.byAddress.get(to)
    let done = false
    const answer = (bytes: Uint8Array | undefined) => {
      if (done || this.machine.boot !== boot) return
      done = true
      this.machine.accept((process, nowMs) => process.node.gossipAnswered(id, bytes, nowMs))
    }
    const fail = () => answer(undefined)
    time.at(time.now() + EXCHANGE_TIMEOUT_MS, fail)
    if (target === undefined) return
    const ask = () =>
      target.accept((process, nowMs) => {
        trace.add(time.now(), 'gossip asked', target.index, request.length)
        const said = process.node.gossipAsked(this.machine.address, request, nowMs)
        if (said === 'more') around.judge.accuse('asks for more', `shard ${target.index} of a whole request`)
        if (said === 'more' || said === 'close') network.stream(target.index, index, fail, fail)
        else network.stream(target.index, index, () => answer(said), fail)
      })
    network.stream(index, target.index, ask, fail)
  }

  sendPeer(address: string, envelope: PeerEnvelope, lane: PeerLane): void {
    const { around, index } = this.machine
    const target = around.byAddress.get(address)
    if (target === undefined || this.#gone) return
    const { steps } = around
    steps.sending(envelope, index, target.index)
    // It crashed, or stands still, at that very step.
    if (this.#gone) return
    if (this.machine.hung) return this.machine.accept(() => this.sendPeer(address, envelope, lane))
    const carried = ++this.#sent % PACK_EVERY === 0 ? this.#packed(envelope, lane) : envelope
    const deliver = () => {
      steps.arriving(carried, index, target.index)
      target.accept((process, nowMs) => {
        around.trace.add(around.time.now(), carried.part, target.index, index)
        process.node.peerReceived(carried, nowMs)
        steps.heard(carried, index, target.index)
      })
    }
    if (lane === 'datagram') return around.network.datagram(index, target.index, deliver)
    const { boot } = this.machine
    around.network.stream(index, target.index, deliver, (refused) => {
      if (refused && this.machine.boot === boot) {
        this.machine.accept((process, nowMs) => process.node.peerRefused(address, nowMs))
      }
    })
  }

  remember(memory: ViewMemory): void {
    this.machine.disk = memory
  }

  leaseChanged(held: boolean): void {
    const { around, index } = this.machine
    around.trace.add(around.time.now(), held ? 'has a lease' : 'has no lease', index)
    this.played.leaseChanged(held)
  }

  viewInstalled(view: View, before: View | undefined): void {
    const { around, index } = this.machine
    const members = view.members.map(({ name }) => name.slice(-1)).join('')
    around.trace.add(around.time.now(), 'installs view', index, `${view.generation}.${view.number} of ${members}`)
    around.judge.installed(this, view, before)
    around.onView(view)
  }

  lifeEnded(reason: string): void {
    this.ended ??= reason
    this.played.closeAll()
  }

  note(event: string, message: string): void {
    this.machine.around.trace.add(this.machine.around.time.now(), `notes ${event}:`, this.index, message)
  }

  /** As it comes out of the wire's codec. */
  #packed(envelope: PeerEnvelope, lane: PeerLane): PeerEnvelope {
    const bytes = packer.pack(envelope)
    if (lane === 'datagram' && bytes.length > MAX_DATAGRAM_BYTES) {
      this.machine.around.judge.accuse('datagram too long', `${envelope.part}: ${bytes.length} bytes`)
    }
    return packer.unpack(bytes) as PeerEnvelope
  }
}
