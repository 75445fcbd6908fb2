/**
 * The bots' own process, so that they never disturb the server's ticks: `node main.ts <url> <count>`, forked by ../main.ts. Each bot is a client like
 * any other: it joins with the SDK, sees what a player sees, and comes back if it is thrown out. Ends with its parent, and on SIGTERM.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { join, type Room } from '@tickmesh/client'
import type { ArenaView } from '../arena-room.ts'
import { type ArenaShape, arena } from '../game.ts'
import { botNames } from '../roster.ts'
import { Brain, type Intent } from './brain.ts'
import { Paths } from './paths.ts'

const RETRY_MS = 2000
const THINK_MS = 33

/** Plays until the room ends or `signal` says so. */
async function playOnce(url: string, name: string, paths: Paths, signal: AbortSignal): Promise<void> {
  const brain = new Brain(paths, Math.random)
  let intent: Intent = { move: { x: 0, y: 0 }, aim: 0, trigger: false, presses: [] }
  const sample = () => ({ move: intent.move, aim: intent.aim, trigger: intent.trigger })
  const room: Room<ArenaShape> = await join(arena, url, { sample, options: { name, bot: true }, signal })
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

async function runBot(url: string, name: string, paths: Paths, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await playOnce(url, name, paths, signal)
    } catch (error) {
      if (!signal.aborted) console.error(`[bots] ${name}: ${error instanceof Error ? error.message : error}`)
    }
    if (!signal.aborted) await wait(RETRY_MS, undefined, { signal }).catch(() => {})
  }
}

const [url = '', count = '0'] = process.argv.slice(2)
const stop = new AbortController()
process.once('SIGTERM', () => stop.abort())
// Ctrl-C reaches the whole process group; the parent says when to leave.
process.on('SIGINT', () => {})
process.once('disconnect', () => stop.abort())
const paths = new Paths()
const names = Array.from({ length: Number(count) }, (_, index) => botNames[index % botNames.length] ?? 'Bot')
await Promise.all(names.map((name) => runBot(url, name, paths, stop.signal)))
process.exit(0)
