/** From a key event to the first display frame that shows its effect, in Chromium over a real socket and a bad network. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchChromium } from '../../../scripts/launch-chromium.ts'
import { Example } from './browser.ts'

interface OwnFighter {
  readonly owner: number
  readonly rocketWait: number
}

interface PlayedRoom {
  readonly seat: number
  onFrame(listener: (view: { readonly player: Iterable<OwnFighter> }) => void): () => void
}

const PRESSES = 25
const PATIENCE = { timeout: 60_000 }

/** Presses the key for a rocket at odd moments. Gives for each press how many frames were shown until one showed it. */
function pressAndCount(page: Page, presses: number): Promise<number[]> {
  return page.evaluate(async (count) => {
    const { room } = (window as unknown as { __arena: { room: PlayedRoom } }).__arena
    const frames: number[] = []
    let shown = -1
    let wait = 0
    room.onFrame((view) => {
      for (const fighter of view.player) if (fighter.owner === room.seat) wait = fighter.rocketWait
      if (shown < 0) return
      shown++
      if (wait === 0) return
      frames.push(shown)
      shown = -1
    })
    const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
    for (let n = 0; frames.length < count && n < 20 * count; n++) {
      await pause(40 + ((n * 37) % 90))
      if (shown >= 0 || wait > 0) continue
      shown = 0
      window.dispatchEvent(new KeyboardEvent('keydown', { code: 'KeyE' }))
      window.dispatchEvent(new KeyboardEvent('keyup', { code: 'KeyE' }))
    }
    return frames
  }, presses)
}

describe('a key press in Chromium', () => {
  let browser: Browser
  let example: Example
  let page: Page

  beforeAll(async () => {
    example = await Example.start('arena/src/main.ts', ['--port', '0', '--bots', '0'])
    browser = await launchChromium()
    page = await browser.newPage({ viewport: { width: 800, height: 600 } })
    await page.goto(`${example.url}/?name=Ada&auto=1&quality=low&delay=60&jitter=10`)
    await page.waitForFunction(
      () => (window as unknown as { __arena?: { own(): unknown } }).__arena?.own() !== undefined,
      undefined,
      PATIENCE,
    )
  })

  afterAll(async () => {
    await browser?.close()
    await example?.stop()
  })

  it('shows its effect in the next display frame, with 120 ms of round trip added', async () => {
    const frames = await pressAndCount(page, PRESSES)
    expect(frames.length).toBe(PRESSES)
    expect(frames.filter((count) => count > 1)).toEqual([])
  })
})
