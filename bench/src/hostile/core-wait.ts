/**
 * How long the main thread of this process waited for a core, ready to run, while other processes had it: by the system's scheduler (Linux; 0 elsewhere).
 */
import { openSync, readSync } from 'node:fs'

/** Looks that are kept: more than the ticks that can be due at once. */
const KEPT = 64

export class CoreWait {
  private readonly file: number | undefined
  private readonly bytes = Buffer.alloc(128)
  /** When it was looked, and how long had been waited by then, in all. */
  private readonly looks: { readonly atMs: number; readonly waitedMs: number }[] = []

  constructor() {
    try {
      this.file = openSync(`/proc/self/task/${process.pid}/schedstat`, 'r')
      this.lastMs(0)
    } catch {
      this.file = undefined
    }
  }

  /** In the last so many ms, and at most since the last look before those. Call it often. */
  lastMs(ms: number): number {
    if (this.file === undefined) return 0
    const length = readSync(this.file, this.bytes, 0, this.bytes.length, 0)
    // Time on a core, time waiting for one, slices.
    const waitedMs = Number(this.bytes.toString('latin1', 0, length).split(' ')[1] ?? 0) / 1e6
    const nowMs = performance.now()
    const before = this.looks.findLast(({ atMs }) => atMs <= nowMs - ms) ?? this.looks[0]
    this.looks.push({ atMs: nowMs, waitedMs })
    if (this.looks.length > KEPT) this.looks.shift()
    return waitedMs - (before?.waitedMs ?? waitedMs)
  }
}
