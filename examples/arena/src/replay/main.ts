/**
 * `npm run replay -- <file>`: computes a recorded match again, without the rules and as fast as it goes, and says whether every tick came to the same.
 *
 *     --json              one JSON object on the last line instead of text
 *     --allow-truncated   takes a file whose end is missing, up to its last whole tick
 *
 * Ends with 1 if the file is refused or a tick differs, with 2 if the call is wrong.
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { JournalError, openJournal, Replay, type ReplayPlayer } from '@tickmesh/shared'
import { arena } from '../game.ts'
import { clockText, ranked } from './score-line.ts'

interface Result {
  readonly file: string
  readonly room: string
  readonly startedAt: string
  readonly endReason: string | undefined
  readonly bytes: number
  readonly ticks: number
  readonly keyframes: number
  readonly matchSeconds: number
  readonly replaySeconds: number
  /** How much faster than it was played. */
  readonly speed: number
  readonly scores: readonly { readonly name: string; readonly kills: number; readonly deaths: number }[]
}

function replayAll(file: string, allowTruncated: boolean): Result {
  const bytes = new Uint8Array(readFileSync(file))
  const journal = openJournal(bytes, arena, { allowTruncated })
  const replay = new Replay(journal)
  const startedMs = performance.now()
  let ticks = 0
  /** Whoever was there, as they were last: most have left when a match ends. */
  const everybody = new Map<string, ReplayPlayer>()
  while (replay.step()) {
    ticks++
    for (const player of replay.players.values()) everybody.set(player.id, player)
  }
  const replaySeconds = (performance.now() - startedMs) / 1000
  const matchSeconds = ticks / arena.tickRate
  const { room, startedAt } = journal.head
  const { endReason, keyframes } = journal
  const scores = ranked(everybody.values()).map(({ name, kills, deaths }) => ({ name, kills, deaths }))
  const times = { matchSeconds, replaySeconds, speed: matchSeconds / Math.max(1e-9, replaySeconds) }
  return {
    file,
    room,
    startedAt,
    endReason,
    bytes: bytes.length,
    ticks,
    keyframes: keyframes.length,
    ...times,
    scores,
  }
}

function print(result: Result): void {
  const { room, startedAt, ticks, matchSeconds, replaySeconds, speed, bytes, keyframes, endReason, scores } = result
  const size = `${(bytes / 1024).toFixed(0)} KiB, ${((bytes * 60) / 1024 / Math.max(1, matchSeconds)).toFixed(0)} KiB a minute`
  console.log(`\n  Room "${room}", recorded ${startedAt}: ${clockText(matchSeconds)} min (${size})`)
  console.log(`  ${ticks} ticks computed again, ${ticks} hashes and ${keyframes} keyframes equal.`)
  console.log(`  ${replaySeconds.toFixed(2)} s, ${speed.toFixed(0)} times as fast as it was played.`)
  console.log(`  ${endReason === undefined ? 'The end of the file is missing.' : `It ended: ${endReason}`}\n`)
  for (const { name, kills, deaths } of scores)
    console.log(`  ${name.padEnd(16)} ${String(kills).padStart(4)} kills ${String(deaths).padStart(4)} deaths`)
  console.log('')
}

const OPTIONS = {
  json: { type: 'boolean', default: false },
  'allow-truncated': { type: 'boolean', default: false },
} as const

/** Undefined if the call is wrong. */
function readCall() {
  try {
    const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true })
    const [file] = positionals
    return file === undefined || positionals.length > 1 ? undefined : { file, ...values }
  } catch {
    return undefined
  }
}

function problemText(error: unknown, file: string): string {
  if (error instanceof JournalError) return `${file}: ${error.text}`
  if (!(error instanceof Error)) return String(error)
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENOENT') return `There is no file ${file}.`
  if (code === 'EISDIR') return `${file} is a folder: give a file of it.`
  return error.message
}

const call = readCall()
if (call === undefined) {
  console.error('Usage: npm run replay -- <file> [--json] [--allow-truncated]')
  process.exit(2)
}
const { file, json } = call
try {
  const result = replayAll(file, call['allow-truncated'])
  if (json) console.log(JSON.stringify({ ok: true, ...result }))
  else print(result)
} catch (error) {
  const problem = problemText(error, file)
  const what = error instanceof JournalError ? error.what : 'unreadable'
  const canBeCut = problem.includes('allowTruncated')
  if (json) console.log(JSON.stringify({ ok: false, file, what, problem }))
  else console.error(`\n  ${problem}${canBeCut ? '\n  Here that is --allow-truncated.' : ''}\n`)
  process.exitCode = 1
}
