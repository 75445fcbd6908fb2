/**
 * How far a long command is, on stderr: one line that is written over where a person watches, now and then a plain line elsewhere.
 */
import { stripVTControlCharacters, styleText } from 'node:util'

export interface ProgressOutput {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

/** Plain lines come no faster. */
const PLAIN_EVERY_MS = 5_000
const CLEAR_LINE = '\r\u001b[K'
const BAR_WIDTH = 24

export class ProgressMeter {
  private readonly total: number
  private readonly afterMs: number
  private readonly now: () => number
  private readonly output: ProgressOutput
  private readonly startMs: number
  private done = 0
  private doneMs = 0
  private writtenMs = Number.NEGATIVE_INFINITY

  /** `total` pieces of work of equal length, and after them something that takes `afterMs`. `now` is a clock in ms. */
  constructor(total: number, afterMs: number, now: () => number, output: ProgressOutput = process.stderr) {
    this.total = total
    this.afterMs = afterMs
    this.now = now
    this.output = output
    this.startMs = now()
  }

  /** Says what comes next. */
  begin(what: string): void {
    const nowMs = this.now()
    const { leftMs } = this
    const share = leftMs === undefined ? 0 : (nowMs - this.startMs) / (nowMs - this.startMs + leftMs)
    const percent = `${String(Math.floor(share * 100)).padStart(3)} %`
    const left = leftMs === undefined ? '' : `, ${duration(leftMs)} left`
    if (this.output.isTTY !== true) {
      if (nowMs - this.writtenMs < PLAIN_EVERY_MS) return
      this.writtenMs = nowMs
      this.output.write(`${percent}  ${what}${left}\n`)
      return
    }
    const filled = Math.round(share * BAR_WIDTH)
    const bar = styleText('cyan', '━'.repeat(filled)) + styleText('dim', '━'.repeat(BAR_WIDTH - filled))
    const line = `${bar} ${percent}  ${what}${styleText('dim', left)}`
    const fits = stripVTControlCharacters(line).length < (this.output.columns ?? 80)
    this.output.write(CLEAR_LINE + (fits ? line : `${percent}  ${what}`.slice(0, (this.output.columns ?? 80) - 1)))
  }

  /** A piece of work is done. */
  advance(): void {
    this.done++
    this.doneMs = this.now()
  }

  /** By the pieces so far; undefined before the first. */
  private get leftMs(): number | undefined {
    const { done, total, doneMs, startMs, afterMs } = this
    if (done < total) return done === 0 ? undefined : ((doneMs - startMs) / done) * (total - done) + afterMs
    return Math.max(0, afterMs - (this.now() - Math.max(doneMs, startMs)))
  }

  end(): void {
    if (this.output.isTTY === true) this.output.write(CLEAR_LINE)
  }
}

function duration(ms: number): string {
  const seconds = Math.ceil(ms / 1000)
  return seconds < 90 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}
