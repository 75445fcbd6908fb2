/** The arena in Chromium, over real sockets: what two players on two pages see and do. */
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

interface Score {
  readonly name: string
  readonly kills: number
  readonly deaths: number
}

/** `window.__arena`, as far as this test needs it: see ../src/page/hooks.ts. */
interface Hooks {
  readonly state: string
  fighters(): readonly Fighter[]
  scores(): readonly Score[]
  screenOf(x: number, y: number): { readonly x: number; readonly y: number }
  lastShot(): { readonly drawn: readonly Fighter[]; readonly rewound: readonly Fighter[] } | undefined
}

declare global {
  interface Window {
    readonly __arena: Hooks
    readonly __violations: readonly string[]
  }
}

const PATIENCE = { timeout: 60_000 }

async function openPage(browser: Browser, url: string, name: string): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 800, height: 600 } })
  const page = await context.newPage()
  page.on('pageerror', (error) => console.error(`${name}: ${error.stack}`))
  await page.addInitScript(() => {
    const violations: string[] = []
    Object.assign(window, { __violations: violations })
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
      violations.push(`${violatedDirective} ${blockedURI}`)
    })
  })
  await page.goto(`${url}/?name=${name}&auto=1&quality=low`)
  return page
}

async function waitForFighters(page: Page, names: readonly string[]): Promise<void> {
  await page.waitForFunction(
    (expected) => {
      const shown = window.__arena?.fighters().map(({ name }) => name)
      return shown !== undefined && expected.every((name) => shown.includes(name))
    },
    names,
    PATIENCE,
  )
}

function fighterOn(page: Page, name: string): Promise<Fighter | undefined> {
  return page.evaluate((wanted) => window.__arena.fighters().find((fighter) => fighter.name === wanted), name)
}

/** Holds a key on one page until the other page has seen that player go far enough. */
async function seeMove(mover: Page, name: string, key: string, watcher: Page): Promise<void> {
  const from = await fighterOn(watcher, name)
  if (from === undefined) throw new Error(`${name} is not on the other page`)
  await mover.keyboard.down(key)
  await watcher.waitForFunction(
    ([who, x, y]) => {
      const now = window.__arena.fighters().find((fighter) => fighter.name === who)
      return now !== undefined && Math.hypot(now.x - x, now.y - y) > 30
    },
    [name, from.x, from.y] as const,
    PATIENCE,
  )
  await mover.keyboard.up(key)
}

/** Aims with the mouse at whom the page shows, and holds the trigger until `done`. */
async function shootAt(page: Page, name: string, done: () => Promise<boolean>): Promise<void> {
  while (!(await done())) {
    const target = await page.evaluate((wanted) => {
      const found = window.__arena.fighters().find((fighter) => fighter.name === wanted)
      return found && window.__arena.screenOf(found.x, found.y)
    }, name)
    if (target === undefined) continue
    await page.mouse.move(target.x, target.y)
    await page.mouse.down()
  }
  await page.mouse.up()
}

describe('the arena in Chromium', () => {
  let browser: Browser
  let example: Example
  let ada: Page
  let bob: Page

  beforeAll(async () => {
    example = await Example.start('arena/src/main.ts', ['--port', '0', '--bots', '0', '--duel'])
    browser = await launchChromium()
    ada = await openPage(browser, example.url, 'Ada')
    await waitForFighters(ada, ['Ada'])
    bob = await openPage(browser, example.url, 'Bob')
  })

  afterAll(async () => {
    await browser?.close()
    await example?.stop()
  })

  it('shows both players on both pages', async () => {
    await Promise.all([waitForFighters(ada, ['Ada', 'Bob']), waitForFighters(bob, ['Ada', 'Bob'])])
    await keepScreenshot(ada, 'arena-joined')
  })

  it('shows each player how the other moves, and both the same place when it stands', async () => {
    await seeMove(ada, 'Ada', 'KeyW', bob)
    await seeMove(bob, 'Bob', 'KeyW', ada)
    for (const name of ['Ada', 'Bob']) {
      const away = async () => {
        const [left, right] = await Promise.all([fighterOn(ada, name), fighterOn(bob, name)])
        return left === undefined || right === undefined ? Number.NaN : Math.hypot(left.x - right.x, left.y - right.y)
      }
      await expect.poll(away, PATIENCE).toBe(0)
    }
  })

  it('lets one shoot the other, shows whom the server judged, and changes the score on both pages', async () => {
    await ada.keyboard.press('F2')
    const isJudged = () => ada.evaluate(() => window.__arena.lastShot() !== undefined)
    await Promise.all([seeMove(bob, 'Bob', 'KeyS', ada), shootAt(ada, 'Bob', isJudged)])
    await keepScreenshot(ada, 'arena-rewound')
    // That the two are equal is proved on virtual time: on a machine so slow that the view is over `maxRewindMs` old, the server rightly clamps.
    const shot = await ada.evaluate(() => window.__arena.lastShot())
    expect(shot?.rewound.map(({ id }) => id)).toEqual(shot?.drawn.map(({ id }) => id))
    const isKilled = () =>
      ada.evaluate(() => window.__arena.scores().some(({ name, kills }) => name === 'Ada' && kills > 0))
    await shootAt(ada, 'Bob', isKilled)
    await keepScreenshot(bob, 'arena-killed')
    for (const page of [ada, bob]) {
      await page.waitForFunction(
        () => {
          const scores = window.__arena.scores()
          return (
            scores.find(({ name }) => name === 'Ada')?.kills === 1 &&
            scores.find(({ name }) => name === 'Bob')?.deaths === 1
          )
        },
        undefined,
        PATIENCE,
      )
    }
    for (const page of [ada, bob]) {
      await expect.poll(() => page.textContent('.top'), PATIENCE).toMatch(/Ada1.*Bob0/)
    }
    await Promise.all([waitForFighters(ada, ['Bob']), waitForFighters(bob, ['Bob'])])
  })

  it('has broken no rule of its content security policy, which refuses eval', async () => {
    for (const page of [ada, bob]) expect(await page.evaluate(() => window.__violations)).toEqual([])
    // In a timer: what the debugger itself evaluates may.
    const thrown = await bob.evaluate(
      () =>
        new Promise<string>((resolve) => {
          setTimeout(() => {
            try {
              resolve(String(Reflect.construct(Function, ['return 1'])))
            } catch (error) {
              resolve(error instanceof Error ? error.name : 'no error')
            }
          })
        }),
    )
    expect(thrown).toBe('EvalError')
    expect(await bob.evaluate(() => window.__violations)).toEqual(['script-src eval'])
  })

  it('lets a player back in after a reload', async () => {
    await bob.goto(`${example.url}/?quality=low`)
    await Promise.all([waitForFighters(ada, ['Ada', 'Bob']), waitForFighters(bob, ['Ada', 'Bob'])])
    const scores = await ada.evaluate(() => window.__arena.scores())
    expect(scores.map(({ name }) => name).sort()).toEqual(['Ada', 'Bob'])
    await keepScreenshot(bob, 'arena-rejoined')
  })

  it('stops on Ctrl-C with exit code 0, and tells the players why', async () => {
    expect(await example.stop()).toBe(0)
    for (const page of [ada, bob]) {
      await page.waitForFunction(() => window.__arena.state === 'lost', undefined, PATIENCE)
      expect(await page.textContent('.note')).toContain('SERVER_STOPPING')
    }
    await keepScreenshot(ada, 'arena-lost')
  })
})
