/**
 * What a process holds while nothing goes on: the heap after collections, handles, timers, listeners. Called at idle points by the soak's processes.
 */
import { EventEmitter } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import { setFlagsFromString, writeHeapSnapshot } from 'node:v8'
import { sum } from '../figures.ts'

export interface IdleFigures {
  /** Of this process's clock. */
  readonly atMs: number
  readonly heapBytes: number
  /** Memory of typed arrays, outside of the heap. */
  readonly bufferBytes: number
  readonly rssMb: number
  /** Active resources by kind, timers not counted. */
  readonly handles: Readonly<Record<string, number>>
  readonly timers: number
  readonly listeners: number
}

/** Timers and what ends in the same turn by itself. */
const TIMERS = ['Timeout', 'Immediate']
const COLLECTIONS = 4

/** Before anything else: the engine does not throw away what it compiled of functions that rest, with their strings, to make it anew a cycle later. */
export function keepCompiled(): void {
  setFlagsFromString('--no-flush-bytecode')
}

/**
 * `emitters`: what to count listeners of besides the process and whatever has a handle. `snapshot`: where to write the heap; whoever asked reads it, so that
 * reading it leaves nothing here.
 */
export async function idleFigures(emitters: readonly EventEmitter[], snapshot?: string): Promise<IdleFigures> {
  // What a collection finds dead may hold on to more until its finalizers have run.
  for (let n = 0; n < COLLECTIONS; n++) {
    globalThis.gc?.()
    await turn()
  }
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage()
  if (snapshot !== undefined) writeHeapSnapshot(snapshot)
  const handles: Record<string, number> = {}
  let timers = 0
  for (const kind of process.getActiveResourcesInfo()) {
    if (TIMERS.includes(kind)) timers++
    else handles[kind] = (handles[kind] ?? 0) + 1
  }
  return {
    atMs: performance.now(),
    heapBytes: heapUsed,
    bufferBytes: arrayBuffers,
    rssMb: Math.round(rss / 1e5) / 10,
    handles,
    timers,
    listeners: sum([process, ...handlesThatEmit(), ...emitters].map(listenersOf)),
  }
}

/** Servers and sockets that are open. Node tells this to debuggers only: where it does not, none. */
function handlesThatEmit(): readonly EventEmitter[] {
  const { _getActiveHandles: active } = process as { _getActiveHandles?: () => readonly unknown[] }
  return (active?.call(process) ?? []).filter((handle) => handle instanceof EventEmitter)
}

function listenersOf(emitter: EventEmitter): number {
  return sum(emitter.eventNames().map((name) => emitter.listenerCount(name)))
}
