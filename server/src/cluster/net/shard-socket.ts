/**
 * A shard's cluster, run for real: the composition of port, peer transport, seeds, timer and memory around a pure `ClusterNode`. Called by `serve({ cluster })`.
 *
 *     const shell = await ClusterShell.open(options, { url, schema, keeper, events, makeNode })
 *     shell.mayAct()             // in each tick, and before each flush
 *     await shell.locate(id)     // where is this room?
 *     await shell.create({ id }) // make it, or find it
 *     shell.roomEnded(id); shell.drain(); shell.status(); await shell.close()
 *
 * `keeper` opens and closes rooms; `events` are told of leases and views. When a life ends (removed from the view, an older generation) the node has closed its
 * rooms through `keeper.close`, `events.lifeEnded` is called, and the shell begins a new life by itself after a moment.
 * Never throws for what comes from the network. Times are those of `shell.nowMs()`, which never go back.
 */
import { randomBytes } from 'node:crypto'
import xxhash from 'xxhash-wasm'
import { shardOf } from '../hosting/shard-keeper.ts'
import { type ClusterAddress, drawLife, type Life } from '../life.ts'
import type { MoveOutcome } from '../migrate/migrate-api.ts'
import type { ClusterNodeApi, ClusterNodeHost, ClusterNodeOptions, ClusterStatus } from '../node/cluster-node-api.ts'
import { sampleRing } from '../ring/ring-sample.ts'
import type { CreateRequest, LocateAnswer } from '../ring/rooms-api.ts'
import { joinAddress } from '../swim/addresses.ts'
import type { View } from '../view/view.ts'
import { VIEW_RULES } from '../view/view-rules.ts'
import { LEASE_TIMES } from '../view/view-times.ts'
import type { ViewMemory } from '../view/views-api.ts'
import {
  advertisedHost,
  type CheckedClusterOptions,
  type ClusterOptions,
  checkClusterOptions,
} from './cluster-options.ts'
import { ClusterPort } from './cluster-port.ts'
import { Keyring } from './keyring.ts'
import { NO_PEER_COUNTS, PeerTransport } from './peer-transport.ts'
import { Seeds } from './seeds.ts'
import type { ShellCounts, ShellParts } from './shell-parts.ts'
import { ViewFile } from './view-file.ts'
import { WakeTimer } from './wake-timer.ts'

export type RingSample = ReturnType<typeof sampleRing>

const RING_SAMPLES = 720
const LEAVE_MS = 6_000
const FIRST_RESTART_MS = 250
const MAX_RESTART_MS = 5_000
/** A life that lasted so long was a good one: the next begins soon. */
const GOOD_LIFE_MS = 30_000

const BETWEEN_LIVES: LocateAnswer = { kind: 'unknown', why: 'this shard is between two lives' }

export class ClusterShell {
  readonly #options: CheckedClusterOptions
  readonly #parts: ShellParts
  readonly #keyring: Keyring
  readonly #hash: (text: string) => number
  readonly #file: ViewFile | undefined
  readonly #seeds: Seeds
  #port: ClusterPort | undefined
  #transport: PeerTransport | undefined
  #address: ClusterAddress = ''
  /** What the newest life wrote down, or an earlier process. */
  #memory: ViewMemory | undefined
  #node: ClusterNodeApi | undefined
  #bornMs = 0
  #restartMs = FIRST_RESTART_MS
  readonly #timer: WakeTimer
  /** Answers that are waited for. */
  readonly #asked = new Set<(answer: LocateAnswer) => void>()
  #restart: NodeJS.Timeout | undefined
  #sampled: { readonly view: View; readonly ring: RingSample } | undefined
  #closing: (() => void) | undefined
  #closed = false

  private constructor(options: CheckedClusterOptions, parts: ShellParts, hash: (text: string) => number) {
    this.#options = options
    this.#parts = parts
    this.#hash = hash
    this.#keyring = parts.keyring ?? new Keyring(options.cluster, options.keys)
    this.#file = options.dataDir === undefined ? undefined : new ViewFile(options.dataDir, options.cluster)
    this.#timer = new WakeTimer({
      nowMs: () => this.nowMs(),
      wake: (nowMs) => this.#with((node) => node.tick(nowMs)),
      stalled: (ms) => parts.events.note('stalled', `the process stood still for ${Math.round(ms)} ms`),
    })
    this.#seeds = new Seeds({
      names: options.join,
      changed: (addresses) => this.#with((node) => node.seedsChanged(addresses, this.nowMs())),
      note: parts.events.note,
    })
  }

  /** Opens the port and begins to look for others. Throws BAD_ARGUMENT for options that cannot work, PORT_IN_USE. */
  static async open(options: ClusterOptions, parts: ShellParts): Promise<ClusterShell> {
    const checked = checkClusterOptions(options)
    const { h32 } = await xxhash()
    const shell = new ClusterShell(checked, parts, (text) => h32(text))
    await shell.#open()
    return shell
  }

  async #open(): Promise<void> {
    const { host, port, advertise, cluster } = this.#options
    this.#memory = this.#file?.read()
    if (this.#options.founding.kind === 'alone' && this.#file === undefined) {
      const problem =
        'this shard founds alone, and has no `dataDir`: after a restart it may for a while make a second cluster beside'
      this.#parts.events.note(
        'founding',
        `${problem} shards that went on without it. Give it one if there will be others.`,
      )
    }
    const reachedAt = advertisedHost(this.#options)
    const { note } = this.#parts.events
    const opened = await ClusterPort.open({
      host,
      port,
      keyring: this.#keyring,
      receiver: {
        packet: (from, packet) => this.#with((node) => node.gossipReceived(from, packet, this.nowMs())),
        asked: (from, request) => this.#with((node) => node.gossipAsked(from, request, this.nowMs())) ?? 'close',
        datagram: (from, bytes) => this.#transport?.datagram(from, bytes),
        stream: (socket, from, proved) => this.#transport?.accept(socket, from, proved),
      },
      note,
    })
    this.#port = opened
    this.#address = joinAddress(reachedAt, advertise.port ?? opened.port)
    this.#transport = new PeerTransport({
      cluster,
      keyring: this.#keyring,
      sendDatagram: (to, bytes) => opened.sendDatagram(to, bytes),
      received: (envelope, from) => this.#with((node) => node.peerReceived(envelope, this.nowMs(), from)),
      refused: (address) => this.#with((node) => node.peerRefused(address, this.nowMs())),
      note,
    })
    try {
      this.#begin()
    } catch (error) {
      await this.close()
      throw error
    }
    this.#seeds.start()
  }

  /** Where others reach this shard. */
  get address(): ClusterAddress {
    return this.#address
  }

  /** What others call it, over all restarts. */
  get name(): string {
    return this.#options.name ?? this.#address
  }

  /** Undefined between two lives. Whoever calls it calls `wake` after, where it has no method here. */
  get node(): ClusterNodeApi | undefined {
    return this.#node
  }

  get counts(): ShellCounts {
    const peers = this.#transport?.counts ?? NO_PEER_COUNTS
    const port = this.#port?.counts ?? { undecryptable: 0, limited: 0 }
    const undecryptable = peers.undecryptable + port.undecryptable
    return { ...peers, undecryptable, limited: port.limited, stalls: this.#timer.stalls }
  }

  /** Monotonic. */
  nowMs(): number {
    return performance.now()
  }

  /** Whether rooms may act at this very moment. */
  mayAct(): boolean {
    return this.#node?.mayAct(this.nowMs()) ?? false
  }

  /** Never rejects. */
  locate(id: string): Promise<LocateAnswer> {
    return this.#ask((node, done) => node.locate(id, this.nowMs(), done))
  }

  /** Never rejects. */
  create(request: CreateRequest): Promise<LocateAnswer> {
    return this.#ask((node, done) => node.create(request, this.nowMs(), done))
  }

  /** In ms, of the cluster's one clock; between two lives nothing is timed by it. */
  clusterMs(): number {
    return this.#node?.clusterMs(this.nowMs()) ?? Date.now()
  }

  /** Never rejects. */
  move(room: string, to: Life): Promise<MoveOutcome> {
    return new Promise((resolve) => {
      if (this.#node === undefined) resolve('aborted')
      else this.#with((node) => node.moves.move(room, to, this.nowMs(), resolve))
    })
  }

  roomEnded(id: string): void {
    this.#with((node) => node.roomEnded(id, this.nowMs()))
  }

  /** No new rooms for this shard. */
  drain(): void {
    this.#with((node) => node.drain(this.nowMs()))
  }

  /** A supervisor on this machine saw this life's process end. */
  endProven(life: Life): void {
    this.#with((node) => node.endProven(life, this.nowMs()))
  }

  /** For pictures of the ring; computed once per view. */
  sampleRing(): RingSample {
    const view = this.#node?.view
    if (view === undefined) return []
    if (this.#sampled?.view !== view) this.#sampled = { view, ring: sampleRing(view, this.#hash, RING_SAMPLES) }
    return this.#sampled.ring
  }

  status(): ClusterStatus | undefined {
    return this.#node?.status(this.nowMs())
  }

  /** To rotate keys while the cluster runs: `add` everywhere, then `use`, then `remove`. */
  get keyring(): Pick<Keyring, 'add' | 'use' | 'remove'> {
    return this.#keyring
  }

  /** After calls to `node`: what they made due is done. */
  wake(): void {
    this.#arm()
  }

  /** Leaves the cluster, at most six seconds long, and closes the port. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    clearTimeout(this.#restart)
    this.#seeds.close()
    if (this.#node !== undefined) {
      await new Promise<void>((resolve) => {
        const patience = setTimeout(resolve, LEAVE_MS)
        this.#closing = () => {
          clearTimeout(patience)
          resolve()
        }
        this.#with((node) => node.leave(this.nowMs()))
      })
    }
    this.#timer.stop()
    this.#node = undefined
    for (const done of this.#asked) done(BETWEEN_LIVES)
    this.#transport?.close()
    await this.#port?.close()
  }

  #begin(): void {
    const { cluster, founding, zone, weight, capacity } = this.#options
    const { url, schema, maxPlayers, makeNode, events, build, holders, standbyMode, rebalance } = this.#parts
    this.#bornMs = this.nowMs()
    const options: ClusterNodeOptions = {
      cluster,
      life: drawLife(random32),
      self: { name: this.name, address: this.#address, url, zone, weight, draining: false },
      founding,
      seeds: this.#seeds.addresses,
      schema,
      memory: this.#memory,
      rules: VIEW_RULES,
      times: LEASE_TIMES,
      random: random32,
      wallMs: () => Date.now(),
      hash: this.#hash,
      ...(capacity === undefined ? {} : { capacity }),
      ...(maxPlayers === undefined ? {} : { maxPlayers }),
      ...(build === undefined ? {} : { build }),
      ...(holders === undefined ? {} : { holders }),
      ...(standbyMode === undefined ? {} : { standbyMode }),
      ...(rebalance === undefined ? {} : { rebalance }),
    }
    const node = makeNode(options, this.#host(options.life), this.#bornMs)
    this.#node = node
    events.note('life-began', `life ${options.life} of ${this.name} at ${this.#address}`)
    this.#arm()
  }

  /** Of one life: what an ended one still says is not heard. */
  #host(life: string): ClusterNodeHost {
    const { keeper, events } = this.#parts
    return {
      ...shardOf(keeper),
      sendGossip: (to, packet) => this.#port?.sendGossip(to, packet),
      exchangeGossip: (to, request, id) => {
        this.#port?.exchange(to, request, (answer) =>
          this.#with((node) => node.life === life && node.gossipAnswered(id, answer, this.nowMs())),
        )
      },
      sendPeer: (address, envelope, lane) => this.#transport?.send(address, envelope, lane),
      remember: (memory) => {
        this.#memory = memory
        this.#file?.write(memory)
      },
      leaseChanged: (held) => events.leaseChanged(held),
      viewInstalled: (view, before) => {
        this.#transport?.keepOpen(view.members.map(({ address }) => address).filter((to) => to !== this.#address))
        events.viewInstalled(view, before)
      },
      lifeEnded: (reason) => this.#ended(life, reason),
      note: (event, message) => events.note(event, message),
    }
  }

  #ended(life: string, reason: string): void {
    if (this.#node !== undefined && this.#node.life !== life) return
    this.#node = undefined
    this.#transport?.keepOpen([])
    for (const done of this.#asked) done(BETWEEN_LIVES)
    this.#parts.events.lifeEnded(reason)
    if (this.#closed) {
      this.#closing?.()
      return
    }
    const lived = this.nowMs() - this.#bornMs
    this.#restartMs = lived > GOOD_LIFE_MS ? FIRST_RESTART_MS : Math.min(this.#restartMs * 2, MAX_RESTART_MS)
    clearTimeout(this.#restart)
    this.#restart = setTimeout(() => this.#begin(), this.#restartMs)
  }

  /**
   * Calls the node, if there is one, and then sees when it wants to be called next. What it throws is a broken invariant: this life is not to be trusted any
   * more, and ends.
   */
  #with<Result>(call: (node: ClusterNodeApi) => Result): Result | undefined {
    const node = this.#node
    if (node === undefined) return undefined
    try {
      const result = call(node)
      this.#arm()
      return result
    } catch (error) {
      const { events } = this.#parts
      events.note(
        'failed',
        `the node of life ${node.life} failed: ${error instanceof Error ? (error.stack ?? error.message) : error}`,
      )
      if (this.#node !== node) return undefined
      events.leaseChanged(false)
      this.#ended(node.life, 'it failed')
      return undefined
    }
  }

  #ask(call: (node: ClusterNodeApi, done: (answer: LocateAnswer) => void) => void): Promise<LocateAnswer> {
    return new Promise((resolve) => {
      const done = (answer: LocateAnswer) => {
        this.#asked.delete(done)
        resolve(answer)
      }
      this.#asked.add(done)
      if (this.#node === undefined) done(BETWEEN_LIVES)
      else this.#with((node) => call(node, done))
    })
  }

  #arm(): void {
    if (this.#node !== undefined) this.#timer.arm(this.#node.nextMs)
  }
}

function random32(): number {
  return randomBytes(4).readUInt32LE()
}
