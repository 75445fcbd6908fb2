/**
 * A bot made of nothing but the codecs, which can do what the SDK never does: vanish in the middle of a word, and come back with a wrong secret.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { packControl } from '@tickmesh/shared'
import { AttackPlayer, helloBytes } from '../hostile/attack-player.ts'
import { AttackSocket, type AttackTarget } from '../hostile/attack-socket.ts'
import { AttackTally } from '../hostile/attack-tally.ts'
import { Throttle } from '../hostile/throttle.ts'

export type RawEnd = 'welcomed' | 'refused'

const ANSWER_TIMEOUT_MS = 5_000
const TICK_MS = 1000 / 60
const UNLIMITED = { kiloBytes: 1e9, messages: 1e9, connects: 1e9 }

export class RawBot {
  readonly player = new AttackPlayer()
  /** What the server said when it ended this. */
  why = 'nothing was said'
  private readonly socket: AttackSocket
  private end: RawEnd | undefined
  private settle: (() => void) | undefined

  /** Says hello as soon as it can. */
  constructor(target: AttackTarget, hello: object) {
    const throttle = new Throttle(UNLIMITED, 0)
    this.socket = new AttackSocket(target, { from: '127.0.0.1', upgrade: true }, new AttackTally(), throttle, {
      onOpen: () => this.socket.frame(helloBytes(hello)),
      onMessage: (bytes) => {
        this.player.read(bytes)
        if (this.player.welcomed) this.ended('welcomed')
      },
      onTold: (why) => {
        this.why = why
        this.ended('refused')
      },
      onEnd: () => this.ended('refused'),
    })
  }

  /** What it was answered. */
  async answer(): Promise<RawEnd> {
    if (this.end === undefined) {
      await new Promise<void>((resolve) => {
        const timeout = setTimeout(resolve, ANSWER_TIMEOUT_MS)
        this.settle = () => {
          clearTimeout(timeout)
          resolve()
        }
      })
    }
    return this.end ?? 'refused'
  }

  async play(ms: number): Promise<void> {
    const untilMs = performance.now() + ms
    while (performance.now() < untilMs && !this.socket.ended) {
      this.socket.frame(this.player.input(this.player.nextTick(), { presses: 1 }))
      await wait(TICK_MS)
    }
  }

  leave(): void {
    this.socket.frame(packControl({ t: 'leave' }))
  }

  /** Without a word. */
  vanish(): void {
    this.socket.leave()
  }

  private ended(how: RawEnd): void {
    this.end ??= how
    this.settle?.()
  }
}
