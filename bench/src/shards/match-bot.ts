/**
 * A player of the SDK in a match that others stand by for: it steers, presses and says things by a seeded hand, and notes how the match went on when another shard
 * took it. Used by bots-process.ts, and by tests in their own process.
 */
import { join, type Room } from '@tickmesh/client'
import {
  ByteReader,
  createFrameHead,
  decodeFrameHead,
  type Game,
  type Link,
  PROVISIONAL_SNAPSHOT,
  SeededRandom,
  type Shape,
  TAGGED_SNAPSHOT,
} from '@tickmesh/shared'
import { TapLink } from '../lab/tap-link.ts'
import { machineMs } from './machine-ms.ts'

/** From the last frame over one link to the first one over the next, as one client saw it: of another owner of the room, mostly. */
export interface Gap {
  readonly bot: number
  readonly room: string
  /** When the last frame of the old owner came, and the first one of the new. */
  readonly fromMs: number
  readonly toMs: number
  readonly lastTick: number
  readonly firstTick: number
  /** The newest tick that the old owner said was final. */
  readonly finalTick: number
  /** The longest time between two frames in the second before. */
  readonly usualMs: number
  /** The link was lost; else the room was moved. */
  readonly afterLoss: boolean
}

export interface ClientTally {
  readonly bot: number
  readonly room: string
  readonly seat: number
  readonly open: boolean
  readonly connected: boolean
  readonly why: string
  /** Presses and messages that left for the server, or wait to. */
  readonly presses: number
  readonly messages: number
  readonly refusedPresses: number
  readonly lateInputs: number
  readonly ownCorrections: number
  readonly corrections: number
  readonly failovers: number
  readonly moves: number
  /** Why its link was seen as lost, each time. */
  readonly losses: readonly string[]
  /** Frames over a link that another one had followed already. */
  readonly staleFrames: number
  readonly silentMs: number
}

const PRESS_CHANCE = 0.03
const SAY_CHANCE = 0.01
const USUAL_MS = 1_000
const PRESSES = ['fire', 'altFire', 'dash', 'reload'] as const

interface FrameAt {
  readonly atMs: number
  readonly afterMs: number
}

export class MatchBot {
  readonly gaps: Gap[] = []
  /** Neither presses nor says anything: what was sent can be counted. */
  quiet = false
  /** How long the last frames took to come, for a second. */
  readonly #recent: FrameAt[] = []
  readonly #random: SeededRandom
  readonly #reader = new ByteReader()
  readonly #head = createFrameHead()
  readonly #id: number
  readonly #name: string
  #game: Game<Shape> | undefined
  #room: Room<Shape> | undefined
  #presses = 0
  #messages = 0
  #why = ''
  /** Links are counted: that of the newest frame, and the newest. */
  #frameLink = 0
  #links = 0
  #frameMs = 0
  #frameTick = 0
  #finalTick = 0
  #staleFrames = 0
  #isLost = false
  readonly #losses: string[] = []
  #calls = 0
  #levels: Record<string, unknown> = {}

  constructor(id: number, room: string, seed: number) {
    this.#id = id
    this.#name = room
    this.#random = new SeededRandom(seed * 1_000 + id)
  }

  async join(game: Game<Shape>, url: string): Promise<void> {
    this.#game = game
    const room = await join(game, url, {
      room: this.#name,
      options: { name: `bot ${this.#id}`, bot: true },
      sample: () => this.#sample() as never,
      wrapLink: (link) => this.#tapped(link),
      timeoutMs: 60_000,
    })
    room.onClose(({ code, message }) => {
      this.#why = `${code} ${message}`
    })
    room.onConnection(({ state, reason }) => {
      if (state !== 'reconnecting' || this.#isLost) return
      this.#isLost = true
      this.#losses.push(`${reason?.code} ${reason?.message}`)
    })
    this.#room = room
  }

  get tally(): ClientTally {
    const room = this.#room
    const { stats } = room ?? {}
    return {
      bot: this.#id,
      room: this.#name,
      seat: room?.seat ?? 0,
      open: room?.open === true,
      connected: room?.connection.state === 'connected',
      why: this.#why,
      presses: this.#presses - (stats?.droppedPresses ?? 0),
      messages: this.#messages,
      refusedPresses: stats?.refusedPresses ?? 0,
      lateInputs: stats?.lateInputs ?? 0,
      ownCorrections: stats?.ownCorrections ?? 0,
      corrections: stats?.corrections ?? 0,
      failovers: stats?.failovers ?? 0,
      moves: stats?.moves ?? 0,
      losses: this.#losses,
      staleFrames: this.#staleFrames,
      silentMs: machineMs() - this.#frameMs,
    }
  }

  async leave(): Promise<void> {
    await this.#room?.leave()
  }

  #sample(): object {
    const random = this.#random
    if (this.#calls-- <= 0) {
      this.#calls = random.int(10, 60)
      const move = { x: random.int(-1, 1), y: random.int(-1, 1) }
      this.#levels = { move, aim: random.next() * 6, trigger: random.next() < 0.3 }
    }
    if (this.quiet) return this.#levels
    if (this.#room !== undefined && random.next() < SAY_CHANCE) {
      this.#messages++
      this.#room.send('debug', { on: false } as never)
    }
    if (random.next() >= PRESS_CHANCE) return this.#levels
    this.#presses++
    return { ...this.#levels, [PRESSES[random.int(0, PRESSES.length - 1)] ?? 'fire']: 1 }
  }

  #tapped(link: Link): Link {
    const number = ++this.#links
    return new TapLink(link, { onArrive: (bytes) => this.#arrived(bytes, number) })
  }

  #arrived(bytes: Uint8Array, link: number): void {
    const [kind, , behind = 0] = bytes
    const isProvisional = kind === PROVISIONAL_SNAPSHOT
    if (!isProvisional && kind !== TAGGED_SNAPSHOT) return
    if (link < this.#frameLink) {
      this.#staleFrames++
      return
    }
    this.#reader.start(bytes, isProvisional ? 3 : 2)
    if (!decodeFrameHead(this.#reader, this.#head, this.#game?.ticksPerSnapshot ?? 3, this.#frameTick)) return
    const { tick } = this.#head
    const nowMs = machineMs()
    if (this.#frameLink > 0 && link !== this.#frameLink) this.#ownerChanged(nowMs, tick)
    else this.#recent.push({ atMs: nowMs, afterMs: nowMs - this.#frameMs })
    while ((this.#recent[0]?.atMs ?? nowMs) < nowMs - USUAL_MS) this.#recent.shift()
    this.#frameLink = link
    this.#frameMs = nowMs
    this.#frameTick = tick
    this.#finalTick = Math.max(this.#finalTick, isProvisional ? tick - behind : tick)
  }

  #ownerChanged(nowMs: number, tick: number): void {
    this.gaps.push({
      bot: this.#id,
      room: this.#name,
      fromMs: this.#frameMs,
      toMs: nowMs,
      lastTick: this.#frameTick,
      firstTick: tick,
      finalTick: this.#finalTick,
      usualMs: Math.max(0, ...this.#recent.map(({ afterMs }) => afterMs)),
      afterLoss: this.#isLost,
    })
    this.#isLost = false
    this.#finalTick = 0
  }
}
