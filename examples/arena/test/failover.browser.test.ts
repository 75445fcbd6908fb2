/** A match that outlives its shard, as a player in Chromium sees it: the shard is killed, then another is drained, while a page plays. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { launchChromium } from '../../../scripts/launch-chromium.ts'
import { keepScreenshot } from './browser.ts'
import { type ClusterCommand, startCluster } from './cluster-command.ts'

const PATIENCE = { timeout: 60_000 }
/** A page that draws no frame for so long has no time. */
const STARVED_MS = 100
/** A fighter runs 4.8 in a tick; what is smoothed away comes on top of it. */
const MOST_PER_TICK = 10

interface Moment {
  readonly nowMs: number
  readonly tick: number
  readonly viewTick: number
  readonly own: { readonly id: number; readonly x: number; readonly y: number } | undefined
  readonly state: string
}

interface Watched {
  readonly moments: Moment[]
  /** When play began to wait. */
  readonly stalls: number[]
  readonly states: string[]
}

interface ArenaWindow {
  readonly __arena: {
    readonly state: string
    readonly room: {
      readonly id: string
      readonly url: string
      readonly tick: number
      readonly connection: { readonly state: string }
      onFrame(listener: (view: object, frame: { nowMs: number; tick: number; viewTick: number }) => void): void
      onStall(listener: (stall: { kind: string }) => void): void
      onConnection(listener: (state: { state: string }) => void): void
    }
    own(): Moment['own']
    fighters(): readonly { seat: number; name: string; x: number; y: number }[]
    scores(): readonly { seat: number; name: string; kills: number; deaths: number; bot: boolean }[]
  }
  watched: Watched
}

let cluster: ClusterCommand
let browser: Browser

beforeAll(async () => {
  cluster = await startCluster('--shards', '3', '--bots', '4')
  browser = await launchChromium()
  await cluster.table('three with bots', (_, summary) => /^3 shards, one view, .*\b4 players/.test(summary))
})

afterAll(async () => {
  await browser?.close()
  cluster.order('quit')
  await cluster.exited
})

async function play(name: string, room: string): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1100, height: 720 } })
  const page = await context.newPage()
  page.on('pageerror', (error) => console.error(`${name}: ${error.stack}`))
  await page.goto(`http://localhost:${cluster.port}/?quality=low&room=${room}`)
  await page.getByLabel('Your name').fill(name)
  await page.getByRole('button', { name: 'Play' }).click()
  await page.waitForFunction(() => (window as unknown as ArenaWindow).__arena.state === 'playing', undefined, PATIENCE)
  await page.evaluate(() => {
    const here = window as unknown as ArenaWindow
    const watched: Watched = { moments: [], stalls: [], states: [] }
    here.watched = watched
    const { room } = here.__arena
    room.onFrame((_view, { nowMs, tick, viewTick }) => {
      const state = room.connection.state
      watched.moments.push({ nowMs, tick, viewTick, own: here.__arena.own(), state })
    })
    room.onStall(({ kind }) => kind === 'waiting' && watched.stalls.push(performance.now()))
    room.onConnection(({ state }) => watched.states.push(state))
  })
  return page
}

/** The number of the shard that runs the page's match. */
async function shardOf(page: Page): Promise<number> {
  const url = await page.evaluate(() => (window as unknown as ArenaWindow).__arena.room.url)
  return Number(new URL(url).port) - cluster.port + 1
}

const watchedBy = (page: Page) => page.evaluate(() => (window as unknown as ArenaWindow).watched)
const scoresOf = (page: Page) =>
  page.evaluate(() => (window as unknown as ArenaWindow).__arena.scores().map(({ seat, name }) => `${seat} ${name}`))
const killsOf = (page: Page) =>
  page.evaluate(() =>
    (window as unknown as ArenaWindow).__arena.scores().reduce((sum, { kills, deaths }) => sum + kills + deaths, 0),
  )

/** No clock ran backwards, and nothing moved faster than it can. */
function expectNoTeleports(moments: readonly Moment[]): void {
  let worst = 0
  let around: readonly Moment[] = []
  for (let at = 1; at < moments.length; at++) {
    const [before, now] = [moments[at - 1], moments[at]]
    if (before === undefined || now === undefined) continue
    expect(now.tick).toBeGreaterThanOrEqual(before.tick)
    expect(now.viewTick).toBeGreaterThanOrEqual(before.viewTick)
    if (before.own === undefined || now.own?.id !== before.own.id) continue
    const distance = Math.hypot(now.own.x - before.own.x, now.own.y - before.own.y)
    const perTick = distance / Math.max(1, now.tick - before.tick)
    if (perTick > worst) {
      worst = perTick
      around = moments.slice(Math.max(0, at - 6), at + 6)
    }
  }
  expect(worst, JSON.stringify(around)).toBeLessThan(MOST_PER_TICK)
}

it('goes on playing with the same names, scores and positions after the shard that ran the match was killed', async () => {
  const page = await play('Ada', 'failover')
  await page.keyboard.down('d')
  await cluster.table('the match is protected', (rows) => [...rows.values()].some((row) => /\b1 +\d+\.\d ms/.test(row)))
  await page.waitForTimeout(1_500)
  await keepScreenshot(page, 'failover-before')
  const [shard, names, score] = [await shardOf(page), await scoresOf(page), await killsOf(page)]
  cluster.order(`kill ${shard}`)
  // It is shown for pauses that are worth it.
  await page
    .locator('.notice', { hasText: 'Reconnecting' })
    .waitFor({ timeout: 700 })
    .catch(() => {})
  await keepScreenshot(page, 'failover-during')
  await page.waitForFunction(
    () => {
      const { watched, __arena } = window as unknown as ArenaWindow
      return watched.states.includes('reconnecting') && __arena.room.connection.state === 'connected'
    },
    undefined,
    PATIENCE,
  )
  await page.waitForTimeout(1_000)
  await keepScreenshot(page, 'failover-after')
  expect(await shardOf(page)).not.toBe(shard)
  expect(await scoresOf(page)).toEqual(expect.arrayContaining(names))
  expect(await killsOf(page)).toBeGreaterThanOrEqual(score)
  const { moments } = await watchedBy(page)
  expectNoTeleports(moments)
  const end = moments.at(-1)
  const start = moments.find(({ state }) => state === 'reconnecting')
  expect((end?.viewTick ?? 0) - (start?.viewTick ?? 0)).toBeGreaterThan(30)
  cluster.order(`start ${shard}`)
  await cluster.table('three again', (_, summary) => /^3 shards, one view/.test(summary))
  await page.context().close()
}, 120_000)

it('does not notice that the shard which runs the match is drained', async () => {
  const page = await play('Bo', 'drained')
  await page.keyboard.down('a')
  await page.waitForTimeout(1_500)
  const shard = await shardOf(page)
  const before = (await watchedBy(page)).moments.length
  cluster.order(`drain ${shard}`)
  await expect.poll(() => shardOf(page), PATIENCE).not.toBe(shard)
  await page.waitForTimeout(1_000)
  const { moments, states, stalls } = await watchedBy(page)
  expect(states).toEqual([])
  const moved = moments.slice(before)
  expectNoTeleports(moved)
  // A page that was starved itself may have had to wait.
  const starved = moved.filter(({ nowMs }, at) => nowMs - (moved[at - 1]?.nowMs ?? nowMs) > STARVED_MS)
  const isExcused = (atMs: number): boolean => starved.some(({ nowMs }) => Math.abs(nowMs - atMs) < 1_000)
  expect(stalls.filter((atMs) => atMs >= (moved[0]?.nowMs ?? 0) && !isExcused(atMs))).toEqual([])
  // The view moves on in each frame that is drawn.
  const stood = moved.filter(
    ({ viewTick, nowMs }, at) => at > 0 && viewTick === moved[at - 1]?.viewTick && !isExcused(nowMs),
  )
  expect(stood).toEqual([])
  await keepScreenshot(page, 'drained-after')
  await page.context().close()
}, 120_000)
