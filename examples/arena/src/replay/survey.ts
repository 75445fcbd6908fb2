/**
 * Goes through a whole recording beside the one that is shown, a few milliseconds at a time: checks the hash of every tick, and finds the kills, so that the bar can
 * mark them. Called by the page once per frame until it is through.
 */
import { type Journal, Replay } from '@tickmesh/shared'
import { scoreOf } from './score-line.ts'

/** A kill, for the bar. */
export interface Mark {
  readonly tick: number
  readonly title: string
  /** The victim's colour. */
  readonly color: number
}

export class Survey {
  readonly marks: Mark[] = []
  /** Why it stopped early. */
  failure: unknown
  private readonly replay: Replay

  constructor(journal: Journal) {
    this.replay = new Replay(journal)
  }

  /** All ticks up to here came to what was recorded. */
  get checkedTick(): number {
    return this.replay.tick
  }

  get done(): boolean {
    return this.failure !== undefined || this.replay.tick >= this.replay.lastTick
  }

  /** Works until `isOver`. */
  run(isOver: () => boolean): void {
    const { replay } = this
    try {
      while (!this.done && !isOver()) {
        replay.step()
        for (const { name, values } of replay.events(replay.tick)) if (name === 'kill') this.mark(values)
      }
    } catch (error) {
      this.failure = error
    }
  }

  private mark({ killer, victim }: Readonly<Record<string, unknown>>): void {
    const { players, tick } = this.replay
    const [by, dead] = [killer, victim].map((seat) => players.get(Number(seat)))
    if (dead === undefined) return
    const { name, color } = scoreOf(dead)
    const title = by === undefined || by === dead ? `${name} died` : `${scoreOf(by).name} got ${name}`
    this.marks.push({ tick, title, color })
  }
}
