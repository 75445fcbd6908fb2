/**
 * `npm run bench -- rollback`: what saving, restoring and stepping again cost, and what the server's tick path allocates.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { round } from '../figures.ts'
import { finish, heading, judged, progress, table } from '../report.ts'
import type { Allocated } from './allocation-process.ts'
import { type Resimulated, ROLLBACK_TICKS, resimulate } from './resimulate.ts'

const COPY_GOAL = 2
const BYTES_GOAL = 64
const YOUNG_MB = 256

function measureAllocation(): Allocated {
  const script = fileURLToPath(new URL('./allocation-process.ts', import.meta.url))
  const young = [`--min-semi-space-size=${YOUNG_MB}`, `--max-semi-space-size=${YOUNG_MB}`]
  const { stdout, status } = spawnSync(process.execPath, [...process.execArgv, ...young, script], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (status !== 0) throw new Error(`measuring the allocation failed (exit ${status}).`)
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}')
}

function row(result: Resimulated): string[] {
  return [
    `${result.entities} entities`,
    `${result.worldBytes}`,
    `${round(result.saveNs)} + ${round(result.restoreNs)}`,
    `${round(result.copyNs)} each way`,
    judged(round(result.saveRestoreVsCopy, 2), COPY_GOAL),
    `${round(result.rollbackMicros, 1)}`,
    `${Math.round(result.ticksPerSecond)}`,
  ]
}

export async function run(args: readonly string[]): Promise<void> {
  heading(`rollback: restore, and step ${ROLLBACK_TICKS} ticks again`)
  progress('stepping worlds of 100 and of 1,000 entities')
  const results = [resimulate(100), resimulate(1000)]
  table([
    ['', 'bytes', 'save + restore, ns', 'copy, ns', 'over a copy', `${ROLLBACK_TICKS} ticks, us`, 'ticks per second'],
    ...results.map(row),
  ])
  progress("running the server's tick path for 10,000 ticks, 16 players with inputs, frames and acknowledgements")
  const allocated = measureAllocation()
  table([
    ['', ''],
    ['bytes allocated per tick', judged(allocated.bytesAllocatedPerTick, BYTES_GOAL)],
    ['and per input message that comes in', String(allocated.bytesAllocatedPerInput)],
    ['frames sent', String(allocated.framesSent)],
  ])
  const mismatches = results.reduce((sum, result) => sum + result.mismatches, 0)
  if (mismatches > 0) throw new Error(`${mismatches} rollbacks came out differently.`)
  const of = (entities: number, figure: keyof Resimulated) =>
    round(results.find((result) => result.entities === entities)?.[figure] ?? Number.NaN, 3)
  finish(args, {
    saveRestoreVsCopy: Math.max(of(100, 'saveRestoreVsCopy'), of(1000, 'saveRestoreVsCopy')),
    saveRestoreVsCopy100: of(100, 'saveRestoreVsCopy'),
    saveRestoreVsCopy1000: of(1000, 'saveRestoreVsCopy'),
    ticksPerSecond: of(1000, 'ticksPerSecond'),
    ticksPerSecond100: of(100, 'ticksPerSecond'),
    ticksPerSecond1000: of(1000, 'ticksPerSecond'),
    rollbackMicros100: of(100, 'rollbackMicros'),
    rollbackMicros1000: of(1000, 'rollbackMicros'),
    bytesAllocatedPerTick: allocated.bytesAllocatedPerTick,
    bytesAllocatedPerInput: allocated.bytesAllocatedPerInput,
    framesSent: allocated.framesSent,
    mismatches,
  })
}
