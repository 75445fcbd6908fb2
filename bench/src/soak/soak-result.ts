/**
 * What a soak found: what is held at idle points early and late, and how the heap goes between them. Pure.
 */
import { round } from '../figures.ts'
import { type GrownKind, grownKinds, type HeapHoldings } from './heap-kinds.ts'
import type { IdleFigures } from './idle-figures.ts'
import type { CrowdCounts, ServerHoldings } from './messages.ts'
import { robustSlope, type Slope } from './slope.ts'

type Handles = Readonly<Record<string, number>>

/** Of both processes, in order: at the end of each cycle, and of some cycles what the heap holds. */
export interface Points {
  readonly server: readonly ServerHoldings[]
  readonly client: readonly IdleFigures[]
  readonly serverHeaps: readonly HeapHoldings[]
  readonly clientHeaps: readonly HeapHoldings[]
}

/** What a process's heap grows by. */
interface HeapGrowth {
  /** Of what the program holds: objects, functions, strings, typed arrays. */
  readonly slope: Slope
  /** Of what the engine compiles. */
  readonly compiledSlope: number
  /** Kinds of objects that take more than after the warm-up, most first. */
  readonly grown: readonly GrownKind[]
}

export interface Circumstances {
  readonly transport: string
  readonly minutes: number
  readonly problems: readonly string[]
}

/** Before: after the warm-up. After: at the end. */
export interface SoakResult extends Circumstances, CrowdCounts {
  readonly cycles: number
  /** Cycles that taught the machine, and do not count. */
  readonly warmUpCycles: number
  /** Of what the server's program holds at idle points: not of the machine code that the engine makes of it (`compiledSlopeMbPerHour`). To reach: 1. */
  readonly heapSlopeMbPerHour: number
  /** With 95 % confidence the slope is between these. */
  readonly heapSlopeLow: number
  readonly heapSlopeHigh: number
  /** What one join would leave behind, by that slope. */
  readonly heapBytesPerJoin: number
  /** What the engine compiles: grows for many minutes, ever more slowly, whatever is given back. */
  readonly compiledSlopeMbPerHour: number
  /** Both together, and what waits for collection, as `process.memoryUsage()` says. */
  readonly heapUsedSlopeMbPerHour: number
  /** What takes more than after the warm-up, by constructor. */
  readonly grown: readonly GrownKind[]
  /** What to think of the slope. */
  readonly note: string
  readonly rssSlopeMbPerHour: number
  /** The same of the crowd's process: the SDK's. */
  readonly clientHeapSlopeMbPerHour: number
  readonly clientHeapSlopeLow: number
  readonly clientHeapSlopeHigh: number
  readonly clientHeapBytesPerJoin: number
  readonly clientCompiledSlopeMbPerHour: number
  readonly clientHeapUsedSlopeMbPerHour: number
  readonly clientGrown: readonly GrownKind[]
  readonly heapMbBefore: number
  readonly heapMbAfter: number
  readonly rssMbBefore: number
  readonly rssMbAfter: number
  readonly handlesBefore: Handles
  readonly handlesAfter: Handles
  readonly timersBefore: number
  readonly timersAfter: number
  readonly listenersBefore: number
  readonly listenersAfter: number
  readonly peerConnectionsBefore: number
  readonly peerConnectionsAfter: number
  readonly clientHandlesBefore: Handles
  readonly clientHandlesAfter: Handles
  readonly clientTimersBefore: number
  readonly clientTimersAfter: number
  readonly roomsLeft: number
  readonly sessionsLeft: number
  readonly roomsMade: number
  /** As the server counts them. */
  readonly serverResumes: number
  readonly serverResumesRefused: number
  /** MB of the server at each idle point. */
  readonly heapMb: readonly number[]
}

/** Code is compiled, tables grow to their size. */
const WARM_UP_SHARE = 1 / 3
const MOST_WARM_UP_CYCLES = 100
const GROWN_KINDS = 5
const MS_PER_HOUR = 3_600_000

/** Throws if there were no cycles. */
export function soakResult(points: Points, counts: CrowdCounts, about: Circumstances): SoakResult {
  const cycles = points.server.length
  const warmUpCycles = Math.min(MOST_WARM_UP_CYCLES, Math.max(1, Math.floor(cycles * WARM_UP_SHARE)))
  const server = points.server.slice(warmUpCycles)
  const client = points.client.slice(warmUpCycles)
  const [before, after] = [server[0], server.at(-1)]
  const [clientBefore, clientAfter] = [client[0], client.at(-1)]
  if (before === undefined || after === undefined || clientBefore === undefined || clientAfter === undefined)
    throw new Error('no cycle came to its end.')
  const heaps = points.serverHeaps.filter(({ atMs }) => atMs >= before.atMs)
  const heap = growth(heaps)
  const clientHeap = growth(points.clientHeaps.filter(({ atMs }) => atMs >= clientBefore.atMs))
  const joinsPerHour = (counts.joins + counts.spectators) / (about.minutes / 60)
  const byJoin = ({ slope }: Slope) => Math.round((slope * 1e6) / joinsPerHour)
  const restless = server.filter(({ cameToRest }) => !cameToRest).length
  return {
    ...about,
    ...counts,
    cycles,
    warmUpCycles,
    heapSlopeMbPerHour: round(heap.slope.slope, 2),
    heapSlopeLow: round(heap.slope.low, 2),
    heapSlopeHigh: round(heap.slope.high, 2),
    heapBytesPerJoin: byJoin(heap.slope),
    compiledSlopeMbPerHour: round(heap.compiledSlope, 2),
    heapUsedSlopeMbPerHour: round(usedSlope(server), 2),
    grown: heap.grown,
    note: noteOf(heap.slope, heaps.length, restless),
    rssSlopeMbPerHour: round(robustSlope(server.map(({ atMs, rssMb }) => [atMs / MS_PER_HOUR, rssMb])).slope, 1),
    clientHeapSlopeMbPerHour: round(clientHeap.slope.slope, 2),
    clientHeapSlopeLow: round(clientHeap.slope.low, 2),
    clientHeapSlopeHigh: round(clientHeap.slope.high, 2),
    clientHeapBytesPerJoin: byJoin(clientHeap.slope),
    clientCompiledSlopeMbPerHour: round(clientHeap.compiledSlope, 2),
    clientHeapUsedSlopeMbPerHour: round(usedSlope(client), 2),
    clientGrown: clientHeap.grown,
    ...sides(before, after),
    clientHandlesBefore: clientBefore.handles,
    clientHandlesAfter: clientAfter.handles,
    clientTimersBefore: clientBefore.timers,
    clientTimersAfter: clientAfter.timers,
    roomsLeft: after.rooms,
    sessionsLeft: after.sessions,
    roomsMade: after.roomsMade,
    serverResumes: after.resumes,
    serverResumesRefused: after.resumesRefused,
    heapMb: points.server.map(({ heapBytes }) => round(heapBytes / 1e6, 3)),
  }
}

function sides(before: ServerHoldings, after: ServerHoldings) {
  return {
    heapMbBefore: round(before.heapBytes / 1e6, 3),
    heapMbAfter: round(after.heapBytes / 1e6, 3),
    rssMbBefore: before.rssMb,
    rssMbAfter: after.rssMb,
    handlesBefore: before.handles,
    handlesAfter: after.handles,
    timersBefore: before.timers,
    timersAfter: after.timers,
    listenersBefore: before.listeners,
    listenersAfter: after.listeners,
    peerConnectionsBefore: before.peerConnections,
    peerConnectionsAfter: after.peerConnections,
  }
}

/** Everything but the heap, which takes time to judge, is where it was. */
export function allReturned(result: SoakResult): boolean {
  return (
    total(result.handlesAfter) <= total(result.handlesBefore) &&
    result.timersAfter <= result.timersBefore &&
    result.listenersAfter <= result.listenersBefore &&
    result.peerConnectionsAfter <= result.peerConnectionsBefore &&
    result.roomsLeft + result.sessionsLeft === 0 &&
    result.wrongSecretsRefused === result.wrongSecrets
  )
}

function total(handles: Handles): number {
  return Object.values(handles).reduce((sum, count) => sum + count, 0)
}

/** In MB per hour. NaN with fewer than two snapshots. */
function growth(heaps: readonly HeapHoldings[]): HeapGrowth {
  const of = (bytesOf: (heap: HeapHoldings) => number) =>
    robustSlope(heaps.map((heap) => [heap.atMs / MS_PER_HOUR, bytesOf(heap) / 1e6]))
  const [before, after] = [heaps[0], heaps.at(-1)]
  return {
    slope: of(({ bytes }) => bytes),
    compiledSlope: of(({ compiledBytes }) => compiledBytes).slope,
    grown: before === undefined || after === undefined ? [] : grownKinds(before, after).slice(0, GROWN_KINDS),
  }
}

/** In MB per hour. */
function usedSlope(points: readonly IdleFigures[]): number {
  const used = points.map(
    ({ atMs, heapBytes, bufferBytes }) => [atMs / MS_PER_HOUR, (heapBytes + bufferBytes) / 1e6] as const,
  )
  return robustSlope(used).slope
}

function noteOf({ low, high }: Slope, snapshots: number, restless: number): string {
  const width = high - low
  const sure = `${snapshots} heap snapshots after the warm-up, machine code not counted; the slope is known to ±${round(width / 2, 2)} MB/h`
  const more = width > 2 ? ': too little to tell 1 MB/h from none, run longer; what one join leaves is told sooner' : ''
  return sure + more + (restless > 0 ? `. In ${restless} cycles the server did not come to rest.` : '')
}
