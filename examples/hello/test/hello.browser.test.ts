/** The smallest game in Chromium: two pages see each other's dots, and one of them move. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { launchChromium } from '../../../scripts/launch-chromium.ts'
import { Example, keepScreenshot } from '../../arena/test/browser.ts'

interface Dot {
  readonly x: number
  readonly y: number
  readonly r: number
  readonly fill: string
}

let browser: Browser
let example: Example
let pages: readonly Page[]

const dotsOn = (page: Page): Promise<Dot[]> =>
  page.evaluate(() => {
    const read = (circle: Element, name: string) => circle.getAttribute(name) ?? ''
    return [...document.querySelectorAll('circle')].map((circle) => ({
      x: Number(read(circle, 'cx')),
      y: Number(read(circle, 'cy')),
      r: Number(read(circle, 'r')),
      fill: read(circle, 'fill'),
    }))
  })

beforeAll(async () => {
  example = await Example.start('hello/src/server.ts', [], { PORT: '0' })
  browser = await launchChromium()
  pages = [await browser.newPage(), await browser.newPage()]
  for (const page of pages) await page.goto(example.url)
})

afterAll(async () => {
  await browser?.close()
  await example?.stop()
})

it('shows two dots on both pages, one of which is "it"', async () => {
  for (const page of pages) {
    await expect.poll(async () => (await dotsOn(page)).map(({ r }) => r).sort(), { timeout: 30_000 }).toEqual([18, 30])
  }
})

it('shows one player how the other moves', async () => {
  const [first, second] = pages as [Page, Page]
  const before = await dotsOn(second)
  await first.mouse.move(20, 20)
  const moved = async () => {
    const now = await dotsOn(second)
    return Math.max(
      ...now.map((dot, index) => Math.hypot(dot.x - (before[index]?.x ?? 0), dot.y - (before[index]?.y ?? 0))),
    )
  }
  await expect.poll(moved, { timeout: 30_000 }).toBeGreaterThan(20)
  await keepScreenshot(second, 'hello')
})
