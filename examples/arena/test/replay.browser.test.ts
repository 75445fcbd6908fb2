/** The replay's page in Chromium: a match that this server recorded is listed, plays, and is scrubbed through. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchChromium } from '../../../scripts/launch-chromium.ts'
import { Example, keepScreenshot } from './browser.ts'

interface Fighter {
  readonly id: number
  readonly name: string
  readonly x: number
  readonly y: number
}

/** `window.__replay`, as far as this test needs it: see ../src/replay/hooks.ts. */
interface Hooks {
  readonly state: string
  readonly problem: string
  readonly tape: {
    readonly position: number
    readonly firstTick: number
    readonly lastTick: number
    readonly playing: boolean
    readonly speed: number
    seek(tick: number): void
  }
  fighters(): readonly Fighter[]
  checkedTick(): number
  following(): number
}

declare global {
  interface Window {
    readonly __replay: Hooks
  }
}

const PATIENCE = { timeout: 60_000 }
/** So much is recorded before it is watched. */
const TICKS = 400

describe('the page of replays', () => {
  let dir: string
  let example: Example
  let browser: Browser

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'tickmesh-replay-'))
    example = await Example.start('arena/src/main.ts', ['--port', '0', '--bots', '4', '--record', dir], { PORT: '' })
    browser = await launchChromium()
  })

  afterAll(async () => {
    await browser?.close()
    await example?.stop()
    rmSync(dir, { recursive: true, force: true })
  })

  async function openPage(path: string): Promise<Page> {
    const context = await browser.newContext({ viewport: { width: 960, height: 600 } })
    const page = await context.newPage()
    page.on('pageerror', (error) => console.error(error.stack))
    await page.goto(`${example.url}${path}`)
    return page
  }

  /** Opens the listed recording again until it is long enough. */
  async function openRecording(): Promise<Page> {
    const page = await openPage('/replay.html?quality=low')
    for (;;) {
      await page.click('.recordings button', PATIENCE)
      await page.waitForFunction(() => window.__replay.state !== 'choosing', undefined, PATIENCE)
      if (await page.evaluate((wanted) => window.__replay.tape?.lastTick >= wanted, TICKS)) return page
      await page.waitForTimeout(1000)
      await page.reload()
    }
  }

  function drawnAt(page: Page, tick: number): Promise<readonly Fighter[]> {
    return page.evaluate(async (wanted) => {
      window.__replay.tape.seek(wanted)
      for (let frames = 0; frames < 3; frames++) await new Promise((resolve) => requestAnimationFrame(resolve))
      return window.__replay.fighters()
    }, tick)
  }

  it('lists a recording, plays it, checks every tick of it, and shows the same moment whenever it is scrubbed to', async () => {
    const page = await openRecording()
    await page.waitForFunction(() => window.__replay.fighters().length > 0, undefined, PATIENCE)
    const from = await page.evaluate(() => window.__replay.tape.position)
    await page.waitForFunction((start) => window.__replay.tape.position > start + 10, from, PATIENCE)

    await page.keyboard.press('Space')
    expect(await page.evaluate(() => window.__replay.tape.playing)).toBe(false)
    const middle = await drawnAt(page, 301.5)
    // Who has just died is not drawn.
    expect(middle.length).toBeGreaterThan(0)
    const later = await drawnAt(page, 350)
    expect(later).not.toEqual(middle)
    await drawnAt(page, 5)
    expect(await drawnAt(page, 350)).toEqual(later)
    expect(await drawnAt(page, 301.5)).toEqual(middle)

    const track = await page.locator('.track').boundingBox()
    if (track === null) throw new Error('there is no bar')
    await page.mouse.click(track.x + track.width / 2, track.y + track.height / 2)
    const share = await page.evaluate(() => window.__replay.tape.position / window.__replay.tape.lastTick)
    expect(share).toBeGreaterThan(0.48)
    expect(share).toBeLessThan(0.52)

    await page.click('.cast button >> nth=1')
    expect(await page.evaluate(() => window.__replay.following())).toBeGreaterThan(0)
    await page.mouse.move(500, 300)
    await page.mouse.down()
    await page.mouse.move(400, 260)
    await page.mouse.up()
    expect(await page.evaluate(() => window.__replay.following())).toBe(0)

    await page.click('.speeds button >> text=8×')
    await page.keyboard.press('Space')
    await page.waitForFunction(
      () => window.__replay.tape.position >= window.__replay.tape.lastTick,
      undefined,
      PATIENCE,
    )
    await page.waitForFunction(
      () => window.__replay.checkedTick() === window.__replay.tape.lastTick,
      undefined,
      PATIENCE,
    )
    expect(await page.locator('.status').textContent()).toContain('all equal')
    await keepScreenshot(page, 'arena-replay')
    await page.context().close()
  })

  it('refuses a file that is damaged, or none of its own, and says why', async () => {
    const page = await openPage('/replay.html?quality=low')
    const [name] = readdirSync(dir)
    const damaged = readFileSync(join(dir, name ?? ''))
    damaged[2000] = (damaged[2000] ?? 0) ^ 8
    const give = (file: string, buffer: Buffer) =>
      page.setInputFiles('.drop input', { name: file, mimeType: 'application/octet-stream', buffer })
    await give('bad.tickmesh', damaged)
    await page.waitForFunction(() => window.__replay.state === 'refused', undefined, PATIENCE)
    expect(await page.locator('.problem').textContent()).toMatch(/^bad.tickmesh: .*damaged at byte \d+/)
    await give('cat.tickmesh', Buffer.from('not a journal at all'))
    await page.waitForFunction(() => window.__replay.problem.includes('not a journal'), undefined, PATIENCE)
    expect(await page.locator('.problem').textContent()).toMatch(/^cat.tickmesh: /)
    await page.context().close()
  })

  it('gives no file but its recordings, and has no rules in its pages', async () => {
    const recorded = readdirSync(dir)
    symlinkSync(fileURLToPath(import.meta.url), join(dir, 'link.tickmesh'))
    symlinkSync(join(dir, 'nowhere'), join(dir, 'broken.tickmesh'))
    mkdirSync(join(dir, 'folder.tickmesh'))
    const list = (await (await fetch(`${example.url}/recordings`)).json()) as { name: string }[]
    expect(list.map(({ name }) => name)).toEqual(recorded)
    for (const path of [
      '..%2Fpackage.json',
      '%2e%2e/package.json',
      'x',
      '',
      'link.tickmesh',
      'broken.tickmesh',
      'folder.tickmesh',
      encodeURIComponent(join(dir, list[0]?.name ?? '')),
    ])
      expect((await fetch(`${example.url}/recordings/${path}`)).status, path).toBe(404)
    const html = await (await fetch(`${example.url}/replay.html`)).text()
    const scripts = [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+\.js)"/g)].map(([, path]) => path)
    expect(scripts.length).toBeGreaterThan(0)
    for (const path of scripts) {
      const code = await (await fetch(`${example.url}${path}`)).text()
      // Only rules set attributes.
      expect(code).not.toContain('setAttributes')
    }
  })
})
