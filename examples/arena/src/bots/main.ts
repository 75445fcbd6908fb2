/**
 * The bots' own process, so that they never disturb the server's ticks: `node main.ts <url,url,...> <count> [rooms]`, forked by ../main.ts and the cluster's.
 * Each bot is a client like any other: it joins with the SDK, sees what a player sees, and comes back if it is thrown out, by whichever URL. With more
 * rooms than one they share them out. Ends with its parent, and on SIGTERM.
 */
import { setMaxListeners } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { join, type Room } from '@tickmesh/client'
import type { ArenaView } from '../arena-room.ts'
import { type ArenaShape, arena } from '../game.ts'
import { botNames } from '../roster.ts'
import { Brain, type Intent } from './brain.ts'
import { Paths } from './paths.ts'

const RETRY_MS = 2000
const THINK_MS = 33
const COMPLAIN_MS = 10_000

interface Seat {
  readonly url: string
  readonly name: string
  readonly room: string
}

/** Plays until the room ends or `signal` says so. */
async function playOnce({ url, name, room: id }: Seat, paths: Paths, signal: AbortSignal): Promise<void> {
  const brain = new Brain(paths, Math.random)
  let intent: Intent = { move: { x: 0, y: 0 }, aim: 0, trigger: false, presses: [] }
  const sample = () => ({ move: intent.move, aim: intent.aim, trigger: intent.trigger })
  const room: Room<ArenaShape> = await join(arena, url, { sample, room: id, options: { name, bot: true }, signal })
  let thoughtAt = 0
  room.onFrame((view: ArenaView, { nowMs }) => {
    if (nowMs - thoughtAt < THINK_MS) return
    intent = brain.think(view, room.seat, nowMs, Math.min(100, nowMs - thoughtAt))
    thoughtAt = nowMs
    for (const press of intent.presses) room.press(press)
  })
  const leave = () => void room.leave()
  signal.addEventListener('abort', leave, { once: true })
  await new Promise<void>((resolve) => room.onClose(() => resolve()))
  signal.removeEventListener('abort', leave)
}

/** `at`: which URL it tries first. */
async function runBot(name: string, room: string, at: number): Promise<void> {
  const { signal } = stop
  for (let tries = at; !signal.aborted; tries++) {
    try {
      await playOnce({ url: urls[tries % urls.length] ?? '', name, room }, paths, signal)
    } catch (error) {
      if (!signal.aborted) complain(`${name}: ${error instanceof Error ? error.message : error}`)
    }
    if (!signal.aborted) await wait(RETRY_MS, undefined, { signal }).catch(() => {})
  }
}

/** When a shard goes, all its bots say so: one line stands for many. */
function complain(problem: string): void {
  const nowMs = performance.now()
  if (nowMs - complaints.saidMs < COMPLAIN_MS) {
    complaints.held++
    return
  }
  console.error(`[bots] ${problem}${complaints.held > 0 ? ` (and ${complaints.held} more since)` : ''}`)
  complaints.saidMs = nowMs
  complaints.held = 0
}

const complaints = { saidMs: Number.NEGATIVE_INFINITY, held: 0 }
const [urlList = '', count = '0', rooms = '1'] = process.argv.slice(2)
const urls = urlList.split(',')
const stop = new AbortController()
// Each bot listens, and each of its connections.
setMaxListeners(0, stop.signal)
process.once('SIGTERM', () => stop.abort())
// Ctrl-C reaches the whole process group; the parent says when to leave.
process.on('SIGINT', () => {})
process.once('disconnect', () => stop.abort())
const paths = new Paths()
const names = Array.from({ length: Number(count) }, (_, index) => botNames[index % botNames.length] ?? 'Bot')
const roomOf = (index: number): string => (rooms === '1' ? 'main' : `match-${(index % Number(rooms)) + 1}`)
await Promise.all(names.map((name, index) => runBot(name, roomOf(index), index)))
process.exit(0)
