/** Writes lines over those that it wrote before, where a person watches; elsewhere it prints them now and then. Used by main.ts. */
import { stripVTControlCharacters } from 'node:util'

const CLEAR_BELOW = '\u001b[J'
const DEFAULT_COLUMNS = 120
const DEFAULT_ROWS = 40

export class Screen {
  private written = 0

  get watched(): boolean {
    return process.stdout.isTTY === true
  }

  get colours(): boolean {
    return this.watched && (process.env.NO_COLOR ?? '') === '' && process.env.TERM !== 'dumb'
  }

  /** In characters. */
  get width(): number {
    return (this.watched && process.stdout.columns) || DEFAULT_COLUMNS
  }

  show(lines: readonly string[]): void {
    const { stdout } = process
    if (!this.watched) return void stdout.write(`\n${lines.join('\n')}\n`)
    // More lines than the terminal has could not be written over.
    const shown = lines.slice(0, (stdout.rows || DEFAULT_ROWS) - 1)
    // A line that wraps would break the counting; without its colours it can be cut.
    const fitting = shown.map((line) => {
      const plain = stripVTControlCharacters(line)
      return plain.length < this.width ? line : plain.slice(0, this.width - 1)
    })
    const back = this.written === 0 ? '' : `\u001b[${this.written}A\r${CLEAR_BELOW}`
    stdout.write(`${back}${fitting.join('\n')}\n`)
    this.written = shown.length
  }
}
