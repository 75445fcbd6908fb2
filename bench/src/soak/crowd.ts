/**
 * Who comes and goes in a soak: SDK players and spectators, some of whose connections are cut, and raw players who vanish and come back, some with wrong
 * secrets. One `cycle` ends with everybody gone.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { join, spectate } from '@tickmesh/client'
import { NetError, SeededRandom } from '@tickmesh/shared'
import type { AttackTarget } from '../hostile/attack-socket.ts'
import { siege } from '../hostile/siege-game.ts'
import { pilot } from '../lab/pilot.ts'
import type { Cable } from './cable.ts'
import { type CrowdCounts, GRACE_MS } from './messages.ts'
import { RawBot } from './raw-bot.ts'

const SDK_BOTS = 10
const WATCHERS = 2
const RAW_BOTS = 8
const ROOMS = 4
/** One join in so many goes over WebRTC, if that is to be had. */
const WEBRTC_EVERY = 3
const CUT_EVERY_MS = 400
const MAX_PROBLEMS = 10

type Writable<Type> = { -readonly [Key in keyof Type]: Type[Key] }

export class Crowd {
  readonly problems: string[] = []
  readonly counts: Writable<CrowdCounts> = {
    joins: 0,
    spectators: 0,
    leaves: 0,
    kills: 0,
    resumes: 0,
    wrongSecrets: 0,
    wrongSecretsRefused: 0,
    webrtcJoins: 0,
    failures: 0,
  }
  private readonly target: AttackTarget
  private readonly cable: Cable
  private readonly random: SeededRandom
  private readonly webrtc: boolean
  private cycleNumber = 0

  constructor(target: AttackTarget, cable: Cable, seed: number, webrtc: boolean) {
    this.target = target
    this.cable = cable
    this.random = new SeededRandom(seed)
    this.webrtc = webrtc
  }

  async cycle(number: number, ms: number): Promise<void> {
    this.cycleNumber = number
    const untilMs = performance.now() + ms
    const busy: Promise<void>[] = [this.cut(untilMs)]
    for (let n = 0; n < SDK_BOTS; n++) busy.push(this.again(untilMs, () => this.playOnce()))
    for (let n = 0; n < RAW_BOTS; n++) busy.push(this.again(untilMs, () => this.vanishAndReturn()))
    // They need rooms to watch.
    await wait(100)
    for (let n = 0; n < WATCHERS; n++) busy.push(this.again(untilMs, () => this.watchOnce()))
    await Promise.all(busy)
  }

  private async again(untilMs: number, once: () => Promise<void>): Promise<void> {
    while (performance.now() < untilMs) {
      try {
        await once()
      } catch (error) {
        this.counts.failures++
        if (!isExpected(error) && this.problems.length < MAX_PROBLEMS) this.problems.push(String(error))
        await wait(50)
      }
    }
  }

  private async cut(untilMs: number): Promise<void> {
    while (performance.now() < untilMs) {
      await wait(CUT_EVERY_MS * (0.5 + this.random.next()))
      this.cable.cutOldest()
      this.counts.kills++
    }
  }

  private get room(): string {
    return `cycle-${this.cycleNumber}-${this.random.int(1, ROOMS)}`
  }

  private get cabled(): string {
    return `ws://127.0.0.1:${this.cable.port}${this.target.path}`
  }

  private async playOnce(): Promise<void> {
    const { random, counts } = this
    const { sample } = pilot(random.uint32(), { fire: 0.05, rocket: 0.02 })
    const overWebRtc = this.webrtc && counts.joins % WEBRTC_EVERY === 0
    // Signalling is HTTP beside the WebSocket: the cable does not carry what it opens.
    const url = overWebRtc ? `ws://127.0.0.1:${this.target.port}${this.target.path}` : this.cabled
    const link = overWebRtc ? { link: 'webrtc' as const } : {}
    const room = await join(siege, url, { sample, room: this.room, ...link })
    counts.joins++
    if (overWebRtc) counts.webrtcJoins++
    await wait(random.int(100, 700))
    if (random.next() < 0.5 && room.open) room.send('say', { text: 'hello' })
    await room.leave()
    counts.leaves++
  }

  private async watchOnce(): Promise<void> {
    const room = await spectate(siege, this.cabled, { room: this.room, delayMs: 100 })
    this.counts.spectators++
    await wait(this.random.int(100, 500))
    await room.leave()
  }

  private async vanishAndReturn(): Promise<void> {
    const { random, counts, target } = this
    const bot = new RawBot(target, { room: this.room })
    if ((await bot.answer()) !== 'welcomed') throw new Error(`a raw player was refused: ${bot.why}`)
    counts.joins++
    await bot.play(random.int(50, 300))
    const secret = bot.player.resume
    bot.vanish()
    const vanishedMs = performance.now()
    counts.kills++
    if (secret === undefined || secret === '' || random.next() < 0.3) return
    if (random.next() < 0.5) await this.tryWrong(secret)
    const back = new RawBot(target, { resume: secret })
    if ((await back.answer()) !== 'welcomed') {
      back.vanish()
      // On a busy machine the way back may take longer than the seat is kept.
      if (performance.now() - vanishedMs < GRACE_MS) throw new Error(`a right secret was refused: ${back.why}`)
      return
    }
    counts.resumes++
    await back.play(random.int(50, 200))
    if (random.next() < 0.5) {
      back.leave()
      await wait(50)
      counts.leaves++
    }
    back.vanish()
  }

  /** The last character is another one. */
  private async tryWrong(secret: string): Promise<void> {
    const { counts } = this
    const wrong = secret.slice(0, -1) + (secret.endsWith('A') ? 'B' : 'A')
    const liar = new RawBot(this.target, { resume: wrong })
    counts.wrongSecrets++
    if ((await liar.answer()) === 'refused') counts.wrongSecretsRefused++
    liar.vanish()
  }
}

/** The cable is cut in the middle of a join, too, and the room to be watched may have no player at the moment. */
function isExpected(error: unknown): boolean {
  return error instanceof NetError && ['CONNECTION_LOST', 'CONNECT_FAILED', 'ROOM_NOT_FOUND'].includes(error.code)
}
