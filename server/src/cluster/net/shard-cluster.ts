/**
 * What makes a server a shard of a cluster: its rooms, doors, lists and keys around the shell (shard-socket.ts). Made by `serve({ cluster })`: first it says how
 * rooms and doors are to be (`hostOptions`), then, when the server listens, it joins (`start`).
 * Until it is in, and whenever it has no lease, nobody comes in and nothing runs.
 */
import { codeFingerprint, type HelloMessage, isRoomId, type Link, NetError } from '@tickmesh/shared'
import type { DoorkeeperOptions } from '../../gate/doorkeeper.ts'
import type { HostOptions } from '../../gate/host-options.ts'
import { LobbyDesk } from '../../gate/lobby/lobby-desk.ts'
import type { Elsewhere } from '../../gate/room-directory.ts'
import type { RoomHost } from '../../gate/room-host.ts'
import { failureLine } from '../../ops/failure-line.ts'
import type { Log } from '../../ops/log-line.ts'
import type { TickTimer } from '../../tick/tick-timer.ts'
import { HostedRooms } from '../hosting/hosted-rooms.ts'
import { type HostingCounts, NO_HOSTING } from '../hosting/hosting-api.ts'
import { RoomGate } from '../hosting/room-gate.ts'
import type { ClusterAddress, Life } from '../life.ts'
import type { LobbyApi } from '../lobby/lobby-api.ts'
import type { MoveOutcome } from '../migrate/migrate-api.ts'
import type { ClusterStatus } from '../node/cluster-node-api.ts'
import { type CreateRequest, type LocateAnswer, NOT_IN } from '../ring/rooms-api.ts'
import type { ProtectedStatus } from '../standby/standby-api.ts'
import { AddressVouchers } from './address-voucher.ts'
import { advertisedHost, type CheckedClusterOptions, checkClusterOptions } from './cluster-options.ts'
import { JournalFolder } from './journal-folder.ts'
import { Keyring } from './keyring.ts'
import { LobbyService } from './lobby-service.ts'
import { OwnerPipe } from './owner-pipe.ts'
import type { ClusterFigures, ServeClusterOptions, ServerCluster } from './server-cluster.ts'
import { ClusterShell, type RingSample } from './shard-socket.ts'
import type { ShellParts } from './shell-parts.ts'

export interface ShardParts {
  readonly log: Log
  readonly handshakeMs: number
  /** For what the lobby's clients are told. */
  readonly timer: TickTimer
  /** Gives 32 bits that nobody can guess. */
  readonly entropy: () => number
  readonly wallMs: () => number
  readonly makeNode: ShellParts['makeNode']
}

const LIST_EVERY_MS = 250
const LOOK_EVERY_MS = 20
/** How long a seat is kept for who found it in the lobby. */
const SEAT_MS = 30_000
/** Of the time for a handshake; the rest is for an answer to get there. */
const PATIENCE_SHARE = 0.7
const NO_FIGURES: ClusterFigures = {
  ...{ view: 0, members: 0, leaseLeftMs: 0, frozenRooms: 0, pauses: 0 },
  ...{ unsafeRooms: 0, heldRooms: 0, standbyLagMs: 0, takenOver: 0, moved: 0 },
}

export class ShardCluster implements ServerCluster {
  readonly #vouchers: AddressVouchers
  readonly #options: ServeClusterOptions
  readonly #checked: CheckedClusterOptions
  readonly #parts: ShardParts
  readonly #keyring: Keyring
  readonly #gate: RoomGate
  readonly #desk: LobbyDesk
  readonly #service: LobbyService
  #rooms: HostedRooms | undefined
  #folder: JournalFolder | undefined
  #host: RoomHost | undefined
  #shell: ClusterShell | undefined
  #hosts: ReadonlySet<string> = new Set()
  /** Of clients that are carried to others. */
  readonly #pipes = new Set<OwnerPipe>()
  #listing: NodeJS.Timeout | undefined

  /** Throws BAD_ARGUMENT for options that cannot work. */
  constructor(options: ServeClusterOptions, parts: ShardParts) {
    const checked = checkClusterOptions(options)
    const { cluster, keys } = checked
    this.#options = options
    this.#checked = checked
    this.#parts = parts
    this.#keyring = new Keyring(cluster, keys)
    this.#vouchers = new AddressVouchers(this.#keyring, parts.wallMs)
    this.#service = new LobbyService(
      () => this.#shell,
      {
        reserve: (room, identity) => this.#keepSeat(room, identity),
        identities: (ids) => this.#desk.identities(ids),
        summoned: (places) => this.#desk.summoned(places),
      },
      this.#keyring.encrypts,
    )
    const { timer, entropy, log } = parts
    this.#desk = new LobbyDesk({
      ...{ timer, entropy, backend: this.#service },
      onFailure: (error) =>
        log(failureLine('lobby-failed', 'a question to the lobby could not be answered', error, {})),
    })
    const carries = options.ingress === 'proxy'
    this.#gate = new RoomGate(() => this.#shell, {
      owned: (room) => this.#rooms?.epochOf(room),
      standsBy: (room) => this.#rooms?.standsBy(room) === true,
      nowMs: () => performance.now(),
      after: (ms, run) => {
        const timer = setTimeout(run, ms)
        return () => clearTimeout(timer)
      },
      patienceMs: parts.handshakeMs * PATIENCE_SHARE,
      ...(carries ? { carry: (hello, link, place, address) => this.#carry(hello, link, place, address) } : {}),
    })
  }

  #carry(hello: HelloMessage, link: Link, place: Elsewhere, address: string): OwnerPipe {
    const pipe = new OwnerPipe(hello, link, place, {
      voucher: () => this.#vouchers.issue(address),
      onOver: (over) => this.#pipes.delete(over),
    })
    this.#pipes.add(pipe)
    return pipe
  }

  /** What the room host has to know. Tickets that one shard signs are good on all. */
  get hostOptions(): Pick<
    HostOptions,
    'banned' | 'clusterMs' | 'directory' | 'lobby' | 'mayAct' | 'onEffectsDone' | 'onRoomEnded' | 'tickets'
  > {
    const keyring = this.#keyring
    const tickets = {
      audience: `tickmesh ${this.#options.cluster}`,
      get keys() {
        return keyring.ticketKeys()
      },
    }
    return {
      directory: this.#gate,
      lobby: this.#desk,
      banned: () => this.lobby?.banned(),
      mayAct: () => this.#shell?.mayAct() === true,
      clusterMs: () => this.#shell?.clusterMs() ?? Date.now(),
      onRoomEnded: (room) => this.#rooms?.ended(room),
      onEffectsDone: (room) => {
        if (this.#rooms?.over(room) === true) this.#shell?.roomEnded(room)
      },
      ...(keyring.encrypts ? { tickets } : {}),
    }
  }

  /** Joins, with a server that listens. `about` says where it does. */
  async start(host: RoomHost, about: { port: number; path: string; tls: boolean }): Promise<void> {
    const { makeNode } = this.#parts
    const note = (event: string, message: string): void =>
      this.#parts.log({ level: 'info', event: `cluster-${event}`, message })
    const { standby = {}, rebalance = true, onRoomLost } = this.#options
    if (standby.journalDir !== undefined) this.#folder = new JournalFolder(standby.journalDir, note)
    const rooms = new HostedRooms({
      host,
      life: () => this.#shell?.node,
      nowMs: () => performance.now(),
      mode: standby.mode ?? 'inputs',
      carries: this.#options.ingress === 'proxy',
      wake: () => this.#shell?.wake(),
      onOpened: (room) => this.#gate.opened(room),
      note,
      ...(this.#folder === undefined ? {} : { store: this.#folder }),
      ...(onRoomLost === undefined ? {} : { onLost: onRoomLost }),
    })
    this.#host = host
    this.#rooms = rooms
    this.#shell = await ClusterShell.open(this.#options, {
      url: this.#options.url ?? this.#defaultUrl(about),
      maxPlayers: host.game.maxPlayers,
      schema: (host.game.schemaHash >>> 0).toString(16).padStart(8, '0'),
      keeper: rooms,
      keyring: this.#keyring,
      makeNode,
      build: standby.build ?? codeFingerprint(host.game),
      holders: standby.holders ?? 1,
      standbyMode: standby.mode ?? 'inputs',
      rebalance,
      events: {
        leaseChanged: (held) => {
          if (held) host.thaw()
          else if (host.rooms.size > 0) host.freeze()
        },
        viewInstalled: (view) => {
          this.#hosts = new Set(view.members.flatMap(({ url }) => hostOf(url) ?? []))
          const urls = new Set(view.members.map(({ url }) => url))
          for (const pipe of [...this.#pipes]) pipe.keep(urls)
        },
        lifeEnded: (reason) => {
          note('life-ended', reason)
          rooms.closeAll()
        },
        note,
      },
    })
    this.#listing = setInterval(() => {
      this.#service.attach()
      rooms.list()
      this.#shell?.wake()
    }, LIST_EVERY_MS)
  }

  #defaultUrl({ port, path, tls }: { port: number; path: string; tls: boolean }): string {
    const host = advertisedHost(this.#checked)
    return `${tls ? 'wss' : 'ws'}://${host.includes(':') ? `[${host}]` : host}:${port}${path}`
  }

  /** For somebody who comes with the ticket that this gives. */
  async #keepSeat(room: string, identity: unknown): Promise<string> {
    const host = this.#host
    if (host === undefined || this.#rooms?.epochOf(room) === undefined)
      throw new NetError('NOT_READY', `the room "${room}" is not here at the moment.`, 'Try again.')
    return host.reserve({ room, ms: SEAT_MS, ...(identity === undefined ? {} : { identity }) })
  }

  /** What the doorkeeper has to know: who was carried here by another shard, and that pages of other shards are sent here. */
  get doors(): Pick<DoorkeeperOptions, 'vouched' | 'isOurs'> {
    return {
      vouched: (voucher, visit) => this.#vouchers.addressOf(voucher, visit),
      isOurs: (host) => this.#hosts.has(host),
    }
  }

  get name(): string {
    return this.#shell?.name ?? ''
  }

  get address(): ClusterAddress {
    return this.#shell?.address ?? ''
  }

  get lobby(): LobbyApi | undefined {
    return this.#shell?.node?.lobby
  }

  get keyring(): Pick<Keyring, 'add' | 'use' | 'remove'> {
    return this.#shell?.keyring ?? this.#keyring
  }

  get hosting(): HostingCounts {
    return this.#rooms?.counts ?? NO_HOSTING
  }

  move(room: string, to: Life): Promise<MoveOutcome> {
    return this.#shell?.move(room, to) ?? Promise.resolve('aborted')
  }

  endProven(life: Life): void {
    this.#shell?.endProven(life)
  }

  sampleRing(): RingSample {
    return this.#shell?.sampleRing() ?? []
  }

  status(): ClusterStatus | undefined {
    return this.#shell?.status()
  }

  create(request: CreateRequest = {}): Promise<LocateAnswer> {
    if (request.id !== undefined && !isRoomId(request.id)) return Promise.resolve({ kind: 'none' })
    return this.#shell?.create(request) ?? Promise.resolve(NOT_IN)
  }

  locate(id: string): Promise<LocateAnswer> {
    return this.#shell?.locate(id) ?? Promise.resolve(NOT_IN)
  }

  get figures(): ClusterFigures {
    const status = this.status()
    const lease = this.#host?.lease
    if (status === undefined || lease === undefined) return NO_FIGURES
    const { views, standby, moves } = status
    const isSafe = ({ holders }: ProtectedStatus): boolean => holders.some(({ state }) => state !== 'joining')
    return {
      view: views.view?.number ?? 0,
      members: views.view?.members.length ?? 0,
      leaseLeftMs: Number.isFinite(views.leaseLeftMs) ? views.leaseLeftMs : 0,
      frozenRooms: lease.frozen ? (this.#host?.rooms.size ?? 0) : 0,
      pauses: lease.pauses,
      unsafeRooms: standby.rooms.filter((room) => !isSafe(room)).length,
      heldRooms: standby.held.length,
      standbyLagMs: Math.max(0, ...standby.rooms.flatMap(({ holders }) => holders.map(({ lagMs }) => lagMs))),
      takenOver: this.hosting.takenOver,
      moved: moves.counts.moved,
    }
  }

  /** Whether others could go on with the rooms of this shard. */
  get hasOthers(): boolean {
    const members = this.#shell?.node?.view?.members ?? []
    return members.some(({ life, draining }) => life !== this.#shell?.node?.life && !draining)
  }

  /** Moves all rooms to others, while they are played. Resolves when none is left, or after so long. */
  async moveAway(withinMs: number): Promise<void> {
    const untilMs = performance.now() + withinMs
    this.drain()
    while (performance.now() < untilMs && (this.#host?.rooms.size ?? 0) > 0 && this.hasOthers) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
    }
  }

  /** No new rooms for this shard; those that it has are moved away. */
  drain(): void {
    this.#rooms?.drain()
    this.#rooms?.list()
    this.#shell?.drain()
  }

  /** The server is about to end all rooms: with journals on disk they come back after a restart. */
  stopping(): void {
    this.#folder?.keep()
  }

  /** Leaves, once all rooms have ended. */
  async close(): Promise<void> {
    clearInterval(this.#listing)
    this.#desk.close()
    await this.#folder?.close()
    await this.#shell?.close()
  }
}

/** With its port, unless that is the scheme's own. */
function hostOf(url: string): string | undefined {
  try {
    return new URL(url).host
  } catch {
    return undefined
  }
}
