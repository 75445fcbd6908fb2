/** The HTML report as text: one file, honest about misses, and safe whatever the data says. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { compareResults } from '../src/compare.ts'
import type { QualityCell, QualityResult } from '../src/quality/quality-result.ts'
import { run } from '../src/report-page/command.ts'
import { heatMap } from '../src/report-page/heat-map.ts'
import { percentileCurve } from '../src/report-page/page/percentile-curve.ts'
import { QUALITY_FIGURES } from '../src/report-page/quality-figures.ts'
import { renderReport } from '../src/report-page/render-report.ts'
import { latencyFixture, qualityFixture } from './report-fixture.ts'

const quality = qualityFixture()
const latency = latencyFixture()

/** The table cell of one condition in the heat map of one figure. */
function drawn(
  figureId: string,
  cells: readonly QualityCell[],
  key: string,
): { readonly classes: string; readonly text: string } {
  const figure = QUALITY_FIGURES.find(({ id }) => id === figureId)
  if (figure === undefined) throw new Error(`no figure ${figureId}`)
  const found = new RegExp(`<td class="([^"]*)"[^>]*data-cell="${key}"[^>]*>([^<]*)</td>`).exec(
    heatMap(figure, cells).text,
  )
  if (found === null) throw new Error(`no cell ${key}`)
  return { classes: found[1] ?? '', text: found[2] ?? '' }
}

/** The grid with late inputs at so many percent at loss 5 %, jitter 0, round trip 100 ms, and the same on ordered links. */
function withLate(lateInputsPct: number): QualityCell[] {
  return quality.cells.map((cell) =>
    cell.rttMs === 100 && cell.jitterMs === 0 && cell.lossPct === 5 ? { ...cell, lateInputsPct } : cell,
  )
}

describe('the heat maps', () => {
  it('marks a miss only where the target holds', () => {
    expect(drawn('lateInputs', withLate(3), 'datagram/100/0/5/')).toMatchObject({
      text: '3',
      classes: expect.stringMatching(/^miss\b/),
    })
    expect(drawn('lateInputs', withLate(3), 'ordered/100/0/5/').classes).toMatch(/^beyond\b/)
    expect(drawn('lateInputs', withLate(1), 'datagram/100/0/5/').classes).toMatch(/^within\b/)
    expect(drawn('lateInputs', withLate(1.001), 'datagram/100/0/5/').classes).toMatch(/^miss\b/)
  })

  it('counts the misses in words above the map', () => {
    const figure = QUALITY_FIGURES.find(({ id }) => id === 'lateInputs')
    expect(figure && heatMap(figure, withLate(3)).text).toContain('✗ 1 of 36 miss ≤ 1 %')
    expect(figure && heatMap(figure, withLate(0.3)).text).toContain('✓ all 36 meet ≤ 1 %')
  })

  it('never rounds what falls short of 100 % up to it', () => {
    const cells = quality.cells.map((cell, at) => ({ ...cell, hitAgreementPct: at === 0 ? 99.999 : 100 }))
    expect(drawn('hitAgreement', cells, 'datagram/40/0/0/')).toMatchObject({
      text: '99.99',
      classes: expect.stringMatching(/^miss\b/),
    })
    expect(drawn('hitAgreement', cells, 'datagram/40/0/2/').text).toBe('100')
  })

  it('shows a cell without a value as such', () => {
    const cells = quality.cells.map((cell, at) => (at === 0 ? { ...cell, starvationPct: Number.NaN } : cell))
    expect(drawn('starvation', cells, 'datagram/40/0/0/')).toEqual({ classes: 'none group', text: '–' })
  })

  it('does not count a condition without a value among those that meet the target', () => {
    const figure = QUALITY_FIGURES.find(({ id }) => id === 'starvation')
    const cells = quality.cells.map((cell, at) => ({
      ...cell,
      starvationPct: at === 0 ? Number.NaN : cell.lossPct / 100,
    }))
    const map = figure && heatMap(figure, cells).text
    expect(map).toContain('✓ all 35 meet ≤ 0.5 %')
    expect(map).toContain('1 without a value')
  })

  it('says in one sentence what is the same everywhere', () => {
    const figure = QUALITY_FIGURES.find(({ id }) => id === 'unexplained')
    expect(figure && heatMap(figure, quality.cells).text).toContain('<b>0</b> in each of the 96 conditions')
  })
})

describe('the report', () => {
  it('is one file that names no address to load from', async () => {
    const page = await renderReport({ quality, latency, comparison: compareResults(qualityFixture(8), quality) })
    const markup = page.replaceAll(/<script[^>]*>[\s\S]*?<\/script>/g, '')
    expect(page.startsWith('<!doctype html>')).toBe(true)
    expect(page.includes('content="default-src &#39;none&#39;; ')).toBe(true)
    expect(markup.match(/\bsrc=|@import|url\(|https?:/)).toBe(null)
    expect([...markup.matchAll(/\bhref="([^"]*)"/g)].map(([, to]) => to).filter((to) => !to?.startsWith('#'))).toEqual([
      'data:,',
    ])
    expect(page.match(/<script/g)).toHaveLength(2)
  })

  it('shows every target, with misses named above', async () => {
    const page = await renderReport({ quality })
    expect(page.includes('1 of 8 targets missed: starvation.')).toBe(true)
    expect(page.match(/✓ pass/g)).toHaveLength(7)
    expect(page.match(/✗ miss</g)).toHaveLength(1)
  })

  it('cannot be broken out of by its data', async () => {
    const attack = '</script><script>alert(1)</script><img src=x onerror=alert(2)>"\'&'
    const evil: QualityResult = {
      ...quality,
      networkModel: [attack],
      targets: quality.targets.map((target) => ({ ...target, name: attack, worstCell: attack, unit: attack })),
    }
    const page = await renderReport({
      quality: evil,
      date: attack,
      comparison: { ...compareResults(quality, quality), missing: [attack], settings: [attack] },
    })
    expect(page.match(/<script/g)).toHaveLength(2)
    expect(page.includes('<img')).toBe(false)
    const data = /<script type="application\/json" id="data">([\s\S]*?)<\/script>/.exec(page)?.[1] ?? ''
    expect(JSON.parse(data).quality.networkModel).toEqual([attack])
  })

  it('says when it was measured only if it is told', async () => {
    expect((await renderReport({ quality, date: '3 May' })).includes('<dt>measured</dt><dd>3 May</dd>')).toBe(true)
    expect((await renderReport({ quality })).includes('<dt>measured</dt>')).toBe(false)
  })

  it('is made of what there is: one bench, a few cells, values that JSON made null', async () => {
    const few = JSON.parse(JSON.stringify({ ...quality, cells: quality.cells.slice(0, 2), series: [], targets: [] }))
    few.cells[0].hitAgreementPct = null
    const onlyQuality = await renderReport({ quality: few })
    const withoutScript = onlyQuality.slice(0, onlyQuality.indexOf('<script'))
    expect(withoutScript.includes('<section id="quality">')).toBe(true)
    expect(withoutScript.match(/id="latency"|id="targets"|id="comparison"|NaN|undefined/)).toBe(null)
    const onlyLatency = await renderReport({ latency: { ...latency, cells: latency.cells.slice(-1) } })
    expect(onlyLatency.includes('<section id="latency">')).toBe(true)
    expect(onlyLatency.includes('id="quality"')).toBe(false)
  })
})

describe('the percentile curve', () => {
  it('is the least latency that such a share of the samples does not exceed', () => {
    const of = {
      count: 1000,
      steps: [
        [10, 900],
        [20, 90],
        [30, 9],
        [40, 1],
      ] as const,
    }
    expect(percentileCurve(of, [0, 0.5, 1, 1.5, 2, 2.5, 3])).toEqual([10, 10, 10, 20, 20, 30, 30])
  })

  it('says nothing of percentiles that so few samples cannot tell', () => {
    expect(percentileCurve({ count: 50, steps: [[5, 50]] }, [0, 1, 1.6, 1.8])).toEqual([5, 5, 5, null])
    expect(percentileCurve({ count: 0, steps: [] }, [0, 1])).toEqual([null, null])
  })
})

describe('the report command', () => {
  afterEach(() => vi.restoreAllMocks())

  /** Runs the command on files of these contents; gives the page, and what it printed. */
  async function runOn(
    files: Readonly<Record<string, string>>,
    args: readonly string[],
  ): Promise<{ page: string; printed: string }> {
    const folder = await mkdtemp(join(tmpdir(), 'report-'))
    let printed = ''
    vi.spyOn(console, 'log').mockImplementation((line) => {
      printed += `${line}\n`
    })
    try {
      for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content)
      const out = join(folder, 'out.html')
      await run([...args.map((arg) => (arg in files ? join(folder, arg) : arg)), '--html', out])
      return { page: await readFile(out, 'utf8'), printed }
    } finally {
      await rm(folder, { recursive: true })
    }
  }

  it('takes the last line of a bench’s output, and compares with an old file', async () => {
    const files = {
      'q.json': `quality\n  progress …\n${JSON.stringify(quality)}\n`,
      'l.json': JSON.stringify(latency),
      'old.json': JSON.stringify(qualityFixture(8)),
    }
    const { page, printed } = await runOn(files, ['l.json', 'q.json', '--compare', 'old.json'])
    for (const id of ['targets', 'comparison', 'quality', 'latency'])
      expect(page.includes(`<section id="${id}">`)).toBe(true)
    expect(printed).toMatch(/\d+ worse/)
  })

  it('refuses what it cannot draw, with a remedy', async () => {
    const files = { 'q.json': JSON.stringify(quality), 'l.json': JSON.stringify(latency), 'x.json': 'hello' }
    await expect(runOn(files, ['x.json'])).rejects.toThrow(/x\.json is no JSON/)
    await expect(runOn(files, ['q.json', 'q.json'])).rejects.toThrow(/same bench.*--compare/)
    await expect(runOn(files, ['q.json', '--compare', 'l.json'])).rejects.toThrow(
      /of the latency bench.*new latency result/,
    )
    await expect(runOn(files, [])).rejects.toThrow(/usage/)
  })
})
