/**
 * The HTML report: one file that opens anywhere, without a network. Called by the benches with `--html`, and by `npm run bench -- report`.
 * Figures are in the page as text; its script (see page/) adds tooltips and plots. The page's own security policy forbids it to load anything.
 */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { build, defaultClientConditions, type Rolldown } from 'vite'
import type { Comparison } from '../compare.ts'
import type { LatencyResult } from '../latency/latency-result.ts'
import type { QualityResult } from '../quality/quality-result.ts'
import { comparisonSection } from './comparison-section.ts'
import { headSection, targetsSection } from './head-section.ts'
import { dataBlock, html, scriptBlock, styleBlock } from './html.ts'
import { latencySection } from './latency-section.ts'
import { qualitySection } from './quality-section.ts'

export interface ReportInput {
  readonly quality?: QualityResult
  readonly latency?: LatencyResult
  readonly comparison?: Comparison
  /** When it was measured, in words. Left out, the report says nothing of it. */
  readonly date?: string
}

const POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"

/** In the order of the cascade. */
const STYLES = ['colours', 'page', 'heat-maps', 'details', 'latency', 'media']

export async function renderReport(input: ReportInput): Promise<string> {
  const [script, styles] = await Promise.all([pageScript(), pageStyles()])
  const { quality, latency, comparison } = input
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>Tickmesh bench report</title>
${styleBlock(styles)}</head><body><main>
${headSection(input)}
${targetsSection(quality)}
${comparisonSection(comparison)}
${qualitySection(quality)}
${latencySection(latency)}
</main>
<div id="tooltip" role="status" hidden></div>
<dialog id="closely" aria-label="One condition, closely"></dialog>
${dataBlock('data', { quality, latency })}
${scriptBlock(script)}
</body></html>`
  return page.text
}

async function pageStyles(): Promise<string> {
  const plots = createRequire(import.meta.url).resolve('uplot/dist/uPlot.min.css')
  const own = STYLES.map((name) => new URL(`page/${name}.css`, import.meta.url))
  const sheets = await Promise.all([plots, ...own].map((file) => readFile(file, 'utf8')))
  return sheets.join('\n')
}

/** The page's code with uPlot, in one piece. */
async function pageScript(): Promise<string> {
  const result = await build({
    configFile: false,
    root: fileURLToPath(new URL('page/', import.meta.url)),
    logLevel: 'error',
    mode: 'production',
    publicDir: false,
    resolve: { conditions: ['source', ...defaultClientConditions] },
    build: {
      write: false,
      target: 'es2022',
      modulePreload: false,
      reportCompressedSize: false,
      rolldownOptions: {
        input: fileURLToPath(new URL('page/main.ts', import.meta.url)),
        output: { format: 'iife' },
      },
    },
  })
  const outputs = (Array.isArray(result) ? result : [result]) as readonly Rolldown.RolldownOutput[]
  return outputs
    .flatMap(({ output }) => output)
    .map((file) => (file.type === 'chunk' ? file.code : ''))
    .join('\n')
}
