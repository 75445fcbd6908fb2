/**
 * `npm run bench -- report a.json [b.json] --html out.html [--compare old.json] [--date text] [--picture out.png]`: makes the report of
 * results that were measured before. A file may be the bench's whole output: the last line that is JSON counts.
 */
import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { NetError } from '@tickmesh/shared'
import { type Comparison, compareResults, formatComparison, readResult } from '../compare.ts'
import { readJson } from '../deliver.ts'
import { option } from '../figures.ts'
import type { LatencyResult } from '../latency/latency-result.ts'
import type { QualityResult } from '../quality/quality-result.ts'
import { finish, heading, progress } from '../report.ts'
import { takePicture } from './picture.ts'
import { type ReportInput, renderReport } from './render-report.ts'

const USAGE =
  'report <quality.json> [latency.json] --html <file> [--compare <old.json>] [--date <text>] [--picture <file.png>]'
const OPTIONS = ['html', 'compare', 'date', 'picture']

export async function run(args: readonly string[]): Promise<void> {
  const files = filesOf(args)
  const out = option(args, 'html')
  if (files.length === 0 || out === undefined) throw new NetError('BAD_ARGUMENT', `usage: ${USAGE}.`, '')
  heading('report')
  const results = await Promise.all(files.map(async (file) => readResult(await readJson(file), file)))
  const quality = results.find((result): result is QualityResult => result.kind === 'quality')
  const latency = results.find((result): result is LatencyResult => result.kind === 'latency')
  if (Number(quality !== undefined) + Number(latency !== undefined) < results.length)
    throw new NetError('BAD_ARGUMENT', 'two files are results of the same bench.', 'Give the older one as --compare.')
  const old = option(args, 'compare')
  const comparison = old === undefined ? undefined : await compareWith(old, quality, latency)
  for (const line of comparison === undefined ? [] : formatComparison(comparison)) console.log(`  ${line}`)
  const date = option(args, 'date')
  const input: ReportInput = {
    ...(quality && { quality }),
    ...(latency && { latency }),
    ...(comparison && { comparison }),
    ...(date !== undefined && { date }),
  }
  const page = await renderReport(input)
  await writeFile(out, page)
  progress(`${out}: ${Math.round(page.length / 1000)} kB, opens without a network`)
  const picture = option(args, 'picture')
  if (picture !== undefined) {
    await takePicture(resolve(out), picture)
    progress(picture)
  }
  finish(args, { html: out, better: countOf(comparison, true), worse: countOf(comparison, false) })
}

function countOf(comparison: Comparison | undefined, better: boolean): number | undefined {
  return comparison?.changes.filter((change) => change.better === better).length
}

/** What is neither an option nor its value. */
function filesOf(args: readonly string[]): string[] {
  return args.filter((arg, at) => !arg.startsWith('--') && !OPTIONS.some((name) => args[at - 1] === `--${name}`))
}

async function compareWith(
  file: string,
  quality: QualityResult | undefined,
  latency: LatencyResult | undefined,
): Promise<Comparison> {
  const old = readResult(await readJson(file), file)
  const now = old.kind === 'quality' ? quality : latency
  if (now === undefined)
    throw new NetError(
      'BAD_ARGUMENT',
      `${file} is of the ${old.kind} bench.`,
      `Give a new ${old.kind} result to compare it with.`,
    )
  return compareResults(old, now)
}
