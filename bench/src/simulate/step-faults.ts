/**
 * A fault at each step of what shards do together for a room that is played: right before or right after a message of some kind, at the one who sends it or at the one who gets
 * it. All combinations come in turn, some in each run, so that a thousand seeds see every one of them often. Asked for each message between shards.
 */
import type { PeerEnvelope } from '@tickmesh/server/cluster'
import type { VirtualScheduler } from '@tickmesh/shared'

export type StepWhat = 'crash' | 'hang' | 'cut'

export interface Step {
  readonly part: PeerEnvelope['part']
  /** `t` of the message. */
  readonly kind: string
  readonly when: 'before' | 'after'
  readonly who: 'from' | 'to'
  readonly what: StepWhat
}

/** What is said about standby, takeover and moves. */
const KINDS: readonly (readonly [part: PeerEnvelope['part'], ...kinds: readonly string[]])[] = [
  ['standby', 'hold', 'got', 'records', 'held', 'need', 'drop', 'dropped', 'fence', 'fenced'],
  ['moves', 'prepare', 'arrived', 'off', 'word', 'cancel', 'ask', 'answer'],
  [
    'rooms',
    'claims',
    'claimed',
    'open',
    'opened',
    'ended',
    'noted',
    'rename',
    'renamed',
    'runs',
    'registered',
    'over',
    'taken',
  ],
]

export const STEPS: readonly Step[] = KINDS.flatMap(([part, ...kinds]) =>
  kinds.flatMap((kind) =>
    (['before', 'after'] as const).flatMap((when) =>
      (['from', 'to'] as const).flatMap((who) =>
        (['crash', 'hang', 'cut'] as const)
          // A cut has no side.
          .filter((what) => what !== 'cut' || who === 'from')
          .map((what) => ({ part, kind, when, who, what })),
      ),
    ),
  ),
)

export function stepName(step: Step | undefined): string {
  if (step === undefined) return 'none'
  const { part, kind, when, who, what } = step
  const whom = what === 'cut' ? 'the way' : who === 'from' ? 'the sender' : 'the receiver'
  return `${part} ${kind}: ${what} ${whom} ${when} it`
}

/** A step whose message does not come is given up after so long. */
const PATIENCE_MS = 5_000
/** Between one that struck and the next. */
const REST_MS = 1_500

export interface StepGround {
  readonly time: VirtualScheduler
  isPlayed(room: string): boolean
  /** False: this cannot be now. */
  strike(what: StepWhat, at: number, from: number, to: number): boolean
  struck(step: Step): void
}

export class StepFaults {
  /** Those that struck. */
  readonly hit: number[] = []
  readonly #ground: StepGround
  #next: number
  #armed: Step | undefined
  #stopped = true

  /** Begins with the `first` of all steps. */
  constructor(ground: StepGround, first: number) {
    this.#ground = ground
    this.#next = first % STEPS.length
  }

  start(): void {
    this.#stopped = false
    this.#arm()
  }

  stop(): void {
    this.#stopped = true
    this.#armed = undefined
  }

  #arm(): void {
    if (this.#stopped) return
    const { time } = this.#ground
    const step = STEPS[this.#next]
    this.#next = (this.#next + 1) % STEPS.length
    this.#armed = step
    time.at(time.now() + PATIENCE_MS, () => {
      if (this.#armed === step) this.#arm()
    })
  }

  /** A message is about to leave. */
  sending({ part, body }: PeerEnvelope, from: number, to: number): void {
    const step = this.#armed
    if (step === undefined || step.part !== part || step.when !== 'before') return
    if (step.what !== 'cut' && step.who !== 'from') return
    if (this.#isAbout(step, body)) this.#strike(step, from, to)
  }

  /** It is there, and was not heard yet. */
  arriving({ part, body }: PeerEnvelope, from: number, to: number): void {
    const step = this.#armed
    if (step === undefined || step.part !== part || step.when !== 'before') return
    if (step.what === 'cut' || step.who !== 'to') return
    if (this.#isAbout(step, body)) this.#strike(step, from, to)
  }

  /** It was heard. */
  heard({ part, body }: PeerEnvelope, from: number, to: number): void {
    const step = this.#armed
    if (step === undefined || step.part !== part || step.when !== 'after') return
    if (this.#isAbout(step, body)) this.#strike(step, from, to)
  }

  #isAbout({ kind }: Step, body: unknown): boolean {
    const { t, id, room } = body as { readonly t?: unknown; readonly id?: unknown; readonly room?: unknown }
    if (t !== kind) return false
    const about = room ?? id
    return typeof about === 'string' ? this.#ground.isPlayed(about) : true
  }

  #strike(step: Step, from: number, to: number): void {
    const { time } = this.#ground
    const at = step.who === 'from' ? from : to
    if (!this.#ground.strike(step.what, at, from, to)) return
    this.hit.push(STEPS.indexOf(step))
    this.#ground.struck(step)
    this.#armed = undefined
    time.at(time.now() + REST_MS, () => this.#arm())
  }
}
