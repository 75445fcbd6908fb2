/**
 * What becomes of a bench's result besides the table: `--out file.json`, `--compare old.json`, `--html report.html`, and `--json`, whose line comes last.
 * Called once, at the end, by the benches that measure a grid.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { NetError } from '@tickmesh/shared'
import { type Comparison, compareResults, formatComparison } from './compare.ts'
import { option } from './figures.ts'
import type { LatencyResult } from './latency/latency-result.ts'
import type { QualityResult } from './quality/quality-result.ts'
import { finish, heading, progress } from './report.ts'

/** Reads what `--compare` names, before anything is measured: a mistake there must not cost a run. */
export async function readOld(args: readonly string[]): Promise<unknown> {
  const file = option(args, 'compare')
  return file === undefined ? undefined : readJson(file)
}

export async function deliver(
  args: readonly string[],
  result: QualityResult | LatencyResult,
  old: unknown,
): Promise<void> {
  const out = option(args, 'out')
  if (out !== undefined) {
    await writeFile(out, `${JSON.stringify(result)}\n`)
    progress(out)
  }
  const comparison = old === undefined ? undefined : compareResults(old, result)
  if (comparison !== undefined) {
    heading('Compared with the older result')
    for (const line of formatComparison(comparison)) console.log(`  ${line}`)
  }
  const html = option(args, 'html')
  if (html !== undefined) await writeHtml(html, result, comparison)
  finish(args, result)
}

async function writeHtml(
  file: string,
  result: QualityResult | LatencyResult,
  comparison: Comparison | undefined,
): Promise<void> {
  const { renderReport } = await import('./report-page/render-report.ts')
  const measured = result.kind === 'quality' ? { quality: result } : { latency: result }
  const page = await renderReport({ ...measured, ...(comparison && { comparison }) })
  await writeFile(file, page)
  progress(`${file}: ${Math.round(page.length / 1000)} kB, opens without a network`)
}

/** A file that is JSON, or whose last line is: a bench's whole output. */
export async function readJson(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8')
  for (const candidate of [text, text.trimEnd().split('\n').at(-1) ?? '']) {
    try {
      return JSON.parse(candidate)
    } catch {
      // The whole file is no JSON: its last line may be.
    }
  }
  throw new NetError(
    'MALFORMED',
    `${file} is no JSON, and neither is its last line.`,
    'Give what a bench wrote with --json.',
  )
}
