/** `?spectate=2` in Chromium: the bots' match two seconds ago, with a free camera and over a player. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchChromium } from '../../../scripts/launch-chromium.ts'
import { Example, keepScreenshot } from './browser.ts'

/** `window.__arena`, as far as this test needs it: see ../src/page/hooks.ts. */
interface Hooks {
  readonly state: string
  readonly room: { readonly seat: number; readonly tick: number; readonly players: ReadonlyMap<number, unknown> }
  screenOf(x: number, y: number): { readonly x: number; readonly y: number }
}

const PATIENCE = { timeout: 60_000 }
const BOTS = 3

function look(page: Page): Promise<{ state: string; seat: number; tick: number; players: number }> {
  return page.evaluate(() => {
    const { state, room } = (window as unknown as { __arena: Hooks }).__arena
    return { state, seat: room?.seat ?? -1, tick: room?.tick ?? -1, players: room?.players.size ?? 0 }
  })
}

/** Where the middle of the world is on the page. */
function middleOf(page: Page): Promise<{ readonly x: number; readonly y: number }> {
  return page.evaluate(() => (window as unknown as { __arena: Hooks }).__arena.screenOf(1000, 700))
}

describe('spectating the arena', () => {
  let browser: Browser
  let example: Example
  let page: Page

  beforeAll(async () => {
    example = await Example.start('arena/src/main.ts', ['--port', '0', '--bots', String(BOTS)])
    browser = await launchChromium()
    const context = await browser.newContext({ viewport: { width: 1280, height: 720 } })
    page = await context.newPage()
    page.on('pageerror', (error) => console.error(error.stack))
  }, 60_000)

  afterAll(async () => {
    await browser?.close()
    await example?.stop()
  })

  it('shows the match without a seat, and says how far behind it is', async () => {
    // There is no match to watch until the first bot has joined.
    const tryToWatch = async () => {
      await page.goto(`${example.url}?spectate=2&quality=low`)
      await expect.poll(async () => (await look(page)).state, PATIENCE).toMatch(/watching|lost/)
      return (await look(page)).state
    }
    await expect.poll(tryToWatch, PATIENCE).toBe('watching')
    await expect.poll(() => look(page), PATIENCE).toMatchObject({ state: 'watching', seat: 0, players: BOTS })
    expect(await page.locator('.spectating').textContent()).toBe('SPECTATING, 2 s behindfree cameraTab')
    expect(await page.locator('.hud').isVisible()).toBe(false)
    const { tick } = await look(page)
    await expect.poll(async () => (await look(page)).tick, PATIENCE).toBeGreaterThan(tick + 60)
  }, 90_000)

  it('follows a player at Tab, and is free again when it is moved', async () => {
    const label = page.locator('.spectating b')
    await page.keyboard.press('Tab')
    await expect.poll(() => label.textContent(), PATIENCE).not.toBe('free camera')
    await expect.poll(() => page.locator('.top .own').count(), PATIENCE).toBe(1)
    await keepScreenshot(page, 'arena-spectating')
    const before = await middleOf(page)
    // Towards the middle of the world: the camera stops at its edge, and whom it follows may be there.
    const key = before.x > 640 ? 'KeyD' : 'KeyA'
    await page.keyboard.down(key)
    await expect.poll(() => label.textContent(), PATIENCE).toBe('free camera')
    const movedBy = async () => Math.abs((await middleOf(page)).x - before.x)
    await expect.poll(movedBy, PATIENCE).toBeGreaterThan(100)
    await page.keyboard.up(key)
  }, 90_000)

  it('says why it cannot watch', async () => {
    await page.goto(`${example.url}?spectate=31&quality=low`)
    await expect
      .poll(() => page.locator('.overlay .note').textContent(), PATIENCE)
      .toBe('a delay of 31000 ms cannot be chosen here. Choose a `delayMs` from 0 to 30000. (JOIN_REFUSED)')
  }, 90_000)
})
