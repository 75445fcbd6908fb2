/**
 * How bench commands speak: coloured lines and tables for people, and with --json one JSON object as the last line for machines.
 */
import { stripVTControlCharacters, styleText } from 'node:util'

export function heading(text: string): void {
  console.log(`\n${styleText(['bold', 'cyan'], text)}`)
}

export function progress(text: string): void {
  console.log(styleText('dim', `  ${text}`))
}

/** A figure beside what it should reach: green or red. `goal` says at most. */
export function judged(value: number, goal: number, unit = ''): string {
  const text = `${value}${unit}`
  return value <= goal
    ? styleText('green', `${text} (at most ${goal}${unit})`)
    : styleText('red', `${text} (over ${goal}${unit})`)
}

/** Columns as wide as their longest cell; colours do not count. */
export function table(rows: readonly (readonly string[])[]): void {
  const widths: number[] = []
  for (const row of rows)
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, visibleLength(cell))
  rows.forEach((row, index) => {
    const line = row
      .map((cell, at) => (at === 0 ? padEnd(cell, widths[at] ?? 0) : padStart(cell, widths[at] ?? 0)))
      .join('  ')
    console.log(`  ${index === 0 ? styleText('bold', line) : line}`)
  })
}

/** The one line that machines read. Nothing may be printed after it. */
export function finish(args: readonly string[], result: object): void {
  if (args.includes('--json')) console.log(JSON.stringify(result))
}

function visibleLength(text: string): number {
  return stripVTControlCharacters(text).length
}

function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - visibleLength(text)))
}

function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - visibleLength(text))) + text
}
