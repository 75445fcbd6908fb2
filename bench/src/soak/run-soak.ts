/**
 * One soak: a server and a crowd, each in a process of its own; many cycles of coming and going, and after each, when everybody has left, what both still
 * hold. Called by the command and its tests. Whatever happens, no process and no file is left behind.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Child } from '../child.ts'
import { round } from '../figures.ts'
import type { Transport } from '../hostile/messages.ts'
import { type HeapHoldings, heapHoldings } from './heap-kinds.ts'
import type { IdleFigures } from './idle-figures.ts'
import type { SoakCrowdReport, SoakCrowdSetup, SoakOrder, SoakServerReport, SoakServerSetup } from './messages.ts'
import { type Points, type SoakResult, soakResult } from './soak-result.ts'

export interface SoakPlan {
  readonly transport: Transport
  readonly webrtc: boolean
  /** From the first cycle to the last. */
  readonly ms: number
  /** How long a cycle is busy. */
  readonly cycleMs: number
  readonly seed: number
  readonly leaks?: SoakServerSetup['leaks']
  /** At most so many of the heap of each process; 24 by default. Each takes a second or so, and without them nothing is known of slopes. */
  readonly snapshots?: number
  readonly onStage?: (done: number, what: string) => void
}

const LEAST_CYCLES = 4
const USUAL_SNAPSHOTS = 24

type Writable<Type> = { -readonly [Key in keyof Type]: Type[Key] extends readonly (infer Item)[] ? Item[] : never }

export async function runSoak(plan: SoakPlan): Promise<SoakResult> {
  const { leaks = [], snapshots: most = USUAL_SNAPSHOTS, transport: wanted, webrtc } = plan
  const setup: SoakServerSetup = { transport: wanted, webrtc, leaks }
  const server = new Child<SoakOrder, SoakServerReport>(
    'server',
    new URL('./soak-server-process.ts', import.meta.url),
    setup,
  )
  let crowd: Child<SoakOrder, SoakCrowdReport> | undefined
  const folder = await mkdtemp(join(tmpdir(), 'soak-'))
  try {
    const { port, path, transport } = await server.ask('listening')
    const crowdSetup: SoakCrowdSetup = { port, path, seed: plan.seed, webrtc: plan.webrtc }
    crowd = new Child('crowd', new URL('./soak-crowd-process.ts', import.meta.url), crowdSetup)
    await crowd.ask('ready')
    const points: Writable<Points> = { server: [], client: [], serverHeaps: [], clientHeaps: [] }
    let left: Extract<SoakCrowdReport, { report: 'left' }> | undefined
    const startMs = performance.now()
    let snapshots = 0
    for (let cycle = 0; performance.now() - startMs < plan.ms || cycle < LEAST_CYCLES; cycle++) {
      left = await crowd.ask('left', { order: 'cycle', cycle, ms: plan.cycleMs }, plan.cycleMs + 60_000)
      const due = snapshots < most && performance.now() - startMs >= (snapshots * plan.ms) / most
      const file = due ? join(folder, `${snapshots++}`) : undefined
      const [client, held] = await Promise.all([
        idle(crowd, points.clientHeaps, file && `${file}-client`),
        idle(server, points.serverHeaps, file && `${file}-server`),
      ])
      points.client.push(client)
      points.server.push(held)
      const heap = points.server.at(-1)?.heapBytes ?? 0
      plan.onStage?.(
        (performance.now() - startMs) / plan.ms,
        `${left.counts.joins} joins, heap ${round(heap / 1e6, 2)} MB`,
      )
    }
    const minutes = round((performance.now() - startMs) / 60_000, 2)
    if (left === undefined) throw new Error('no cycle came to its end.')
    return soakResult(points, left.counts, { transport, minutes, problems: left.problems })
  } finally {
    await crowd?.stop({ order: 'stop' })
    await server.stop({ order: 'stop' })
    await rm(folder, { recursive: true, force: true })
  }
}

/** What a process holds; what its heap holds, too, if there is a `file` to write it to. */
async function idle<Figures extends IdleFigures>(
  process: { ask(kind: 'idle', order: SoakOrder): Promise<{ readonly figures: Figures }> },
  heaps: HeapHoldings[],
  file: string | undefined,
): Promise<Figures> {
  const { figures } = await process.ask('idle', { order: 'idle', ...(file === undefined ? {} : { snapshot: file }) })
  if (file !== undefined) {
    heaps.push(heapHoldings(await readFile(file, 'utf8'), figures.atMs))
    await rm(file)
  }
  return figures
}
