/** The report in Chromium, opened from a file: its plots are drawn, its cells answer, and nothing is loaded. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchChromium } from '../../scripts/launch-chromium.ts'
import { compareResults } from '../src/compare.ts'
import { renderReport } from '../src/report-page/render-report.ts'
import { latencyFixture, qualityFixture } from './report-fixture.ts'

const repository = new URL('../../', import.meta.url)
/** Other tests may have the machine. */
const PATIENCE = { timeout: 15_000 }

let browser: Browser
let folder: string
let report: string

interface Opened {
  readonly page: Page
  /** What the console and the page complained about, and what it asked the network for. */
  readonly complaints: string[]
  readonly requests: string[]
}

async function openReport(width: number, colorScheme: 'light' | 'dark' = 'light'): Promise<Opened> {
  const page = await browser.newPage({ viewport: { width, height: 1000 }, colorScheme })
  const complaints: string[] = []
  const requests: string[] = []
  page.on('console', (message) => {
    // This test reads the canvases back; Chromium remarks upon it.
    if (!message.text().startsWith('Canvas2D: Multiple readback')) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error.stack)))
  page.on('request', (request) => requests.push(request.url()))
  await page.goto(report)
  await page.waitForSelector('html[data-ready]')
  return { page, complaints, requests }
}

async function keepPicture(page: Page, name: string, fullPage = false): Promise<void> {
  const output = fileURLToPath(new URL('test-output/', repository))
  mkdirSync(output, { recursive: true })
  await page.screenshot({ path: `${output}${name}.png`, fullPage })
}

/** How many of a canvas' pixels are painted, for each canvas inside. */
function paintedPixels(inside: Locator): Promise<number[]> {
  return inside.locator('canvas').evaluateAll((canvases) =>
    canvases.map((canvas) => {
      if (!(canvas instanceof HTMLCanvasElement)) return 0
      const pixels = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? []
      let painted = 0
      for (let at = 3; at < pixels.length; at += 4) if ((pixels[at] ?? 0) > 0) painted++
      return painted
    }),
  )
}

async function expectDrawn(inside: Locator, plots: number): Promise<void> {
  await expect
    .poll(async () => (await paintedPixels(inside)).filter((painted) => painted > 500).length, PATIENCE)
    .toBe(plots)
}

describe('the report in a browser', () => {
  beforeAll(async () => {
    browser = await launchChromium()
    const quality = qualityFixture()
    const comparison = compareResults(qualityFixture(8), quality)
    folder = mkdtempSync(join(tmpdir(), 'report-'))
    writeFileSync(join(folder, 'report.html'), await renderReport({ quality, latency: latencyFixture(), comparison }))
    report = pathToFileURL(join(folder, 'report.html')).href
  })

  afterAll(async () => {
    await browser?.close()
    if (folder) rmSync(folder, { recursive: true })
  })

  it.each([1280, 800])(
    'has all sections and plots at %i pixels, loads nothing and complains of nothing',
    async (width) => {
      const { page, complaints, requests } = await openReport(width)
      for (const id of ['targets', 'comparison', 'quality', 'run', 'latency', 'latency-closely', 'percentiles'])
        expect(await page.locator(`section#${id} h2`).isVisible(), id).toBe(true)
      await expectDrawn(page.locator('#quality-detail'), 3 + 4)
      await expectDrawn(page.locator('#latency-detail'), 1)
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width)
      await keepPicture(page, `report-${width}`, true)
      expect(complaints).toEqual([])
      expect(requests).toEqual([report])
      await page.close()
    },
  )

  it('opens a cell with its histograms and time series, and closes it again', async () => {
    const { page, complaints } = await openReport(1280)
    await page.locator('#figure-lateInputs td[data-cell="datagram/100/20/5/"]').click()
    const dialog = page.locator('dialog[open]')
    expect(await dialog.locator('h3').textContent()).toBe('100 ms · jitter 20 ms · loss 5 % · datagram')
    await expectDrawn(dialog, 3 + 4)
    await keepPicture(page, 'report-cell')
    await page.keyboard.press('Escape')
    expect(await dialog.count()).toBe(0)
    await page.locator('#figure-lateInputs td[data-cell="ordered/300/50/10/"]').click()
    await expectDrawn(dialog, 3)
    expect(await dialog.textContent()).toContain('No time series was recorded')
    expect(complaints).toEqual([])
    await page.close()
  })

  it('tells the whole cell to mouse and keyboard', async () => {
    const { page } = await openReport(1280)
    const tooltip = page.locator('#tooltip')
    await page.locator('#figure-lateInputs td[data-cell="ordered/100/20/5/"]').hover()
    expect(await tooltip.textContent()).toMatch(/100 ms · jitter 20 ms · loss 5 % · ordered.*Starvation.*Bytes up/)
    await page.mouse.move(0, 0)
    expect(await tooltip.isHidden()).toBe(true)
    await page.locator('#figure-lateInputs td[tabindex="0"]').first().focus()
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('ArrowDown')
    expect(await tooltip.textContent()).toContain('100 ms · jitter 0 ms · loss 2 % · datagram')
    await page.keyboard.press('Enter')
    expect(await page.locator('dialog[open] h3').textContent()).toBe('100 ms · jitter 0 ms · loss 2 % · datagram')
    await page.close()
  })

  it('shares one cursor and one zoom between the time series', async () => {
    const { page } = await openReport(1280)
    const plots = page.locator('#quality-detail .times .uplot')
    const times = () => plots.locator('.u-series:first-child .u-value').allTextContents()
    await plots.first().scrollIntoViewIfNeeded()
    await plots
      .first()
      .locator('.u-over')
      .hover({ position: { x: 400, y: 40 } })
    await expect.poll(async () => new Set(await times()).size, PATIENCE).toBe(1)
    expect((await times())[0]).toMatch(/^\d+\.\d\d s$/)
    const lastPlot = () =>
      plots
        .last()
        .locator('canvas')
        .evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL())
    const before = await lastPlot()
    await page.mouse.down()
    await plots
      .first()
      .locator('.u-over')
      .hover({ position: { x: 700, y: 40 } })
    await page.mouse.up()
    await expect.poll(async () => (await lastPlot()) === before, PATIENCE).toBe(false)
    await plots.last().locator('.u-over').dblclick()
    await expect.poll(async () => (await lastPlot()) === before, PATIENCE).toBe(true)
    await page.close()
  })

  it('shows another condition when it is chosen, and a bar’s percentiles when it is clicked', async () => {
    const { page, complaints } = await openReport(1280, 'dark')
    await page.locator('#quality-choice').selectOption('ordered/100/20/5/')
    expect(await page.locator('#quality-detail h3').textContent()).toBe('100 ms · jitter 20 ms · loss 5 % · ordered')
    await expectDrawn(page.locator('#quality-detail'), 3 + 4)
    await page.locator('[data-latency="datagram/100/20/5/real"]').click()
    const dialog = page.locator('dialog[open]')
    await expectDrawn(dialog, 1)
    expect(await dialog.textContent()).toContain('other screen, real')
    await keepPicture(page, 'report-latency-dark')
    await page.keyboard.press('Escape')
    await page.emulateMedia({ colorScheme: 'light' })
    await expectDrawn(page.locator('#quality-detail'), 3 + 4)
    expect(complaints).toEqual([])
    await page.close()
  })
})
