/** The net graph over the arena in Chromium: a player looks at the network, makes it worse, and makes it good again. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchChromium } from '../../../scripts/launch-chromium.ts'
import { Example, keepScreenshot } from './browser.ts'

/** `window.__arena`, as far as this test needs it: see ../src/page/hooks.ts. */
interface Hooks {
  readonly room: { readonly stats: { readonly rttMs: number; readonly lastRttMs: number } }
}

const PATIENCE = { timeout: 60_000 }
const GRAPH = '.tickmesh-net-graph'

/** The least round trip of ten seconds, and the newest. */
function roundTripOf(page: Page): Promise<{ readonly rttMs: number; readonly lastRttMs: number }> {
  return page.evaluate(() => {
    const { rttMs, lastRttMs } = (window as unknown as { __arena: Hooks }).__arena.room.stats
    return { rttMs, lastRttMs }
  })
}

async function rttOf(page: Page): Promise<number> {
  return (await roundTripOf(page)).rttMs
}

/** How many colours there are on the graph's canvas, and what share of it is drawn on. */
function drawnOn(page: Page): Promise<{ readonly colours: number; readonly share: number }> {
  return page.locator(`${GRAPH} canvas`).evaluate((element) => {
    const canvas = element as HTMLCanvasElement
    const pixels = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data
    const colours = new Set<number>()
    let drawn = 0
    for (let i = 0; pixels !== undefined && i < pixels.length; i += 4) {
      const [r = 0, g = 0, b = 0, a = 0] = pixels.subarray(i, i + 4)
      if (a > 0) drawn++
      colours.add((r << 16) | (g << 8) | b)
    }
    return { colours: colours.size, share: drawn / (canvas.width * canvas.height) }
  })
}

/** Clicks on a slider at a share of its length, as a mouse does. */
async function slide(page: Page, name: string, share: number): Promise<void> {
  const slider = page.locator(`${GRAPH} input[name="${name}"]`)
  const box = await slider.boundingBox()
  if (box === null) throw new Error(`the slider ${name} is not on the page`)
  await page.mouse.click(box.x + box.width * share, box.y + box.height / 2)
}

describe('the net graph over the arena', () => {
  let browser: Browser
  let example: Example
  let page: Page

  beforeAll(async () => {
    example = await Example.start('arena/src/main.ts', ['--port', '0', '--bots', '3'])
    browser = await launchChromium()
    const context = await browser.newContext({ viewport: { width: 1280, height: 720 } })
    page = await context.newPage()
    page.on('pageerror', (error) => console.error(error.stack))
    await page.goto(`${example.url}/?name=Ada&auto=1&quality=low`)
    await page.locator('body.playing').waitFor({ ...PATIENCE, state: 'attached' })
  })

  afterAll(async () => {
    await browser?.close()
    await example?.stop()
  })

  it('is shown by F3, with something on its canvas, and the browser does not search', async () => {
    await page.evaluate(() => {
      window.addEventListener('keydown', ({ code, defaultPrevented }) =>
        document.body.classList.toggle(`${code}-${defaultPrevented ? 'taken' : 'free'}`, true),
      )
    })
    expect(await page.locator(GRAPH).isVisible()).toBe(false)
    await page.keyboard.press('F3')
    await page.locator(`${GRAPH} canvas`).waitFor()
    expect(await page.locator('body.F3-taken').count()).toBe(1)
    await expect.poll(async () => (await drawnOn(page)).colours, PATIENCE).toBeGreaterThan(40)
    expect((await drawnOn(page)).share).toBeGreaterThan(0.5)
    await keepScreenshot(page, 'net-graph')
  })

  it('lets clicks through to the game, but for its sliders', async () => {
    const under = (x: number, y: number) =>
      page.evaluate(([left, top]) => document.elementFromPoint(left, top)?.className ?? '', [x, y] as const)
    const canvas = await page.locator(`${GRAPH} canvas`).boundingBox()
    const slider = await page.locator(`${GRAPH} input[name="loss"]`).boundingBox()
    if (canvas === null || slider === null) throw new Error('the graph is not on the page')
    expect(await under(canvas.x + 40, canvas.y + 40)).not.toContain('tickmesh')
    expect(await under(slider.x + 5, slider.y + 5)).toContain('tickmesh')
  })

  it('has a slider that makes the round trip longer, and a button that takes everything back', async () => {
    const before = await rttOf(page)
    await slide(page, 'added-delay', 0.6)
    await slide(page, 'jitter', 0.1)
    await expect.poll(async () => (await roundTripOf(page)).lastRttMs, PATIENCE).toBeGreaterThan(before + 200)
    await expect.poll(() => rttOf(page), PATIENCE).toBeGreaterThan(before + 200)
    await slide(page, 'loss', 0.4)
    await page.waitForTimeout(2500)
    await keepScreenshot(page, 'net-graph-bad')
    await page.getByRole('button', { name: 'reset' }).click()
    expect(await page.locator(`${GRAPH} input[name="added-delay"]`).inputValue()).toBe('0')
    await expect.poll(() => rttOf(page), PATIENCE).toBeLessThan(before + 100)
    expect(await page.locator('body.playing').count()).toBe(1)
  })

  it('says that play waits while nothing comes through, and that it goes on', async () => {
    const notice = page.locator('.notice')
    await notice.waitFor({ ...PATIENCE, state: 'hidden' })
    for (let n = 0; n < 3; n++) await page.getByRole('button', { name: 'freeze' }).click({ delay: 600 })
    await notice.filter({ hasText: 'Waiting for the server' }).waitFor(PATIENCE)
    await keepScreenshot(page, 'net-graph-waiting')
    await notice.filter({ hasText: /^Back after \d+\.\d s$/ }).waitFor(PATIENCE)
    await notice.waitFor({ ...PATIENCE, state: 'hidden' })
  })

  it('leaves the scene in the shape of the window, whatever that becomes', async () => {
    const sizeOfScene = () => page.locator('#scene canvas').boundingBox()
    for (const [width, height] of [
      [800, 600],
      [1000, 400],
      [1280, 720],
    ] as const) {
      await page.setViewportSize({ width, height })
      await expect.poll(sizeOfScene, PATIENCE).toMatchObject({ x: 0, y: 0, width, height })
    }
  })

  it('fits a smaller window, and is hidden by F3', async () => {
    await page.setViewportSize({ width: 800, height: 600 })
    await page.waitForTimeout(1500)
    const box = await page.locator(GRAPH).boundingBox()
    expect(box?.height).toBeLessThan(600 - 12)
    await keepScreenshot(page, 'net-graph-small')
    await page.setViewportSize({ width: 360, height: 640 })
    await page.waitForTimeout(1500)
    await keepScreenshot(page, 'net-graph-phone')
    await page.keyboard.press('F3')
    expect(await page.locator(GRAPH).isVisible()).toBe(false)
  })

  it('takes a bad network from the address', async () => {
    await page.goto(`${example.url}/?name=Ada&auto=1&quality=low&delay=80`)
    await page.locator('body.playing').waitFor({ ...PATIENCE, state: 'attached' })
    await expect.poll(() => rttOf(page), PATIENCE).toBeGreaterThan(160)
  })

  it('plays without what the address cannot mean, and says so', async () => {
    await page.goto(`${example.url}/?name=Ada&auto=1&quality=low&delay=-5&loss=0.01`)
    await page.locator('body.playing').waitFor({ ...PATIENCE, state: 'attached' })
    expect(await page.locator('.notice').textContent()).toBe(
      'Left out of the address: delay=-5: Choose it from 0 to 60000.',
    )
  })
})
