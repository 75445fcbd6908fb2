/** The dashboard of a real shard, live, while others are killed, come back and freeze. Keeps its screenshots in test-output/. */
import { mkdirSync } from 'node:fs'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { launchChromium } from '../../../../scripts/launch-chromium.ts'
import { walkers } from '../../test-game.ts'
import { Player } from './player.ts'
import { Shards } from './shards.ts'

const output = new URL('../../../../test-output/', import.meta.url)
const PATIENCE = { timeout: 20_000 }

let browser: Browser
const shards = new Shards()

beforeAll(async () => {
  mkdirSync(output, { recursive: true })
  browser = await launchChromium()
})

afterAll(async () => {
  await browser?.close()
  await shards.end()
})

function rows(page: Page, table: string): Promise<string[]> {
  return page.locator(`#${table} tr`).allTextContents()
}

function keep(page: Page, name: string): Promise<unknown> {
  return page.screenshot({ path: new URL(`dashboard-live-${name}.png`, output).pathname, fullPage: true })
}

it('shows live who is in the view: a shard that is killed goes, its room goes on elsewhere, and it comes back; without a majority there is no lease', async () => {
  await shards.start('a', 'b', 'c')
  const [a, b, c] = shards.all
  if (a === undefined || b === undefined || c === undefined) throw new Error('not three')
  const room = await shards.room(c, 'den')
  // Rooms in which nobody ever played end soon.
  const player = await Player.join(walkers, c.status?.url ?? '', { room })
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(error.message))
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()))
  await page.goto(`${a.status?.url.replace(/^ws/, 'http').replace('/tickmesh', '')}/dashboard`)
  const members = async (): Promise<string> =>
    (await rows(page, 'members'))
      .filter((row) => row.includes('alive') && !row.includes('not in the view'))
      .map((row) => row[0])
      .sort()
      .join()
  await expect.poll(members, PATIENCE).toBe('a,b,c')
  await expect
    .poll(() => rows(page, 'rooms'), PATIENCE)
    .toContainEqual(expect.stringMatching(`^${room}c[ab]open1 / 4$`))
  await keep(page, 'three')

  await c.kill()
  await expect.poll(members, PATIENCE).toBe('a,b')
  await expect.poll(async () => (await rows(page, 'views'))[1] ?? '', PATIENCE).toContain('- c (')
  await expect.poll(() => rows(page, 'rooms'), PATIENCE).toHaveLength(2)
  await expect
    .poll(() => rows(page, 'rooms'), PATIENCE)
    .toContainEqual(expect.stringMatching(`^${room}(ab|ba)open1 / 4$`))
  await expect
    .poll(() => rows(page, 'journeys'), PATIENCE)
    .toContainEqual(expect.stringMatching(`failover${room}c[ab]$`))
  await keep(page, 'killed')

  await shards.add('c')
  await expect.poll(members, PATIENCE).toBe('a,b,c')
  await expect.poll(async () => (await rows(page, 'views'))[1] ?? '', PATIENCE).toContain('+ c (')

  const badges = page.locator('#badges')
  for (const shard of [b, shards.all[2]]) shard?.child.kill('SIGSTOP')
  await expect.poll(() => badges.textContent(), PATIENCE).toContain('no lease')
  await keep(page, 'frozen')
  for (const shard of [b, shards.all[2]]) shard?.child.kill('SIGCONT')
  await expect.poll(() => badges.textContent(), PATIENCE).not.toContain('no lease')
  expect([problems, player.problem]).toEqual([[], undefined])
})
