/** The lobby of a cluster in Chromium: three shards under the supervisor, as `npm run cluster` runs them. */
import { lobby } from '@tickmesh/client'
import type { LobbyRoom } from '@tickmesh/shared'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { launchChromium } from '../../../scripts/launch-chromium.ts'
import { arena } from '../src/game.ts'
import { keepScreenshot } from './browser.ts'
import { type ClusterCommand, startCluster } from './cluster-command.ts'

const SHARDS = 3
const PATIENCE = { timeout: 60_000 }

let cluster: ClusterCommand
let browser: Browser

beforeAll(async () => {
  cluster = await startCluster('--shards', `${SHARDS}`, '--bots', '4')
  browser = await launchChromium()
  await vi.waitFor(async () => expect((await listOf(SHARDS - 1)).length).toBeGreaterThan(1), {
    ...PATIENCE,
    interval: 500,
  })
})

afterAll(async () => {
  await browser?.close()
  cluster.order('quit')
  await cluster.exited
})

/** The matches as a shard lists them to a program. */
async function listOf(shard: number): Promise<readonly LobbyRoom[]> {
  const visited = await lobby(arena, `ws://127.0.0.1:${cluster.port + shard}/tickmesh`, { timeoutMs: 2_000 }).catch(
    () => undefined,
  )
  if (visited === undefined) return []
  visited.close()
  return visited.rooms
}

async function open(shard: number, name: string, query = ''): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1100, height: 720 } })
  const page = await context.newPage()
  page.on('pageerror', (error) => console.error(`${name}: ${error.stack}`))
  await page.goto(`http://localhost:${cluster.port + shard}/?quality=low${query}`)
  await page.getByLabel('Your name').fill(name)
  await page.getByRole('button', { name: 'Play' }).click()
  return page
}

const playing = (page: Page) =>
  page.waitForFunction(
    () => (window as unknown as { __arena: { state: string } }).__arena.state === 'playing',
    undefined,
    PATIENCE,
  )
const roomOf = (page: Page) =>
  page.evaluate(() => (window as unknown as { __arena: { room: { id: string } } }).__arena.room.id)

it('lists the matches of all shards, leads into one, and leads friends with a code into theirs', async () => {
  const ada = await open(0, 'Ada')
  const rows = () =>
    ada.locator('.match').evaluateAll((all) => all.map((row) => (row as HTMLElement).dataset.room ?? '').sort())
  const listed = (await listOf(2)).map(({ id }) => id).sort()
  expect(listed.length).toBeGreaterThan(1)
  await expect.poll(rows, PATIENCE).toEqual(listed)
  const bo = await open(1, 'Bo')
  await bo.getByLabel('Say something to everybody here').fill('anybody here?')
  await bo.keyboard.press('Enter')
  await ada.locator('.lines', { hasText: 'Bo anybody here?' }).waitFor(PATIENCE)
  await keepScreenshot(ada, 'arena-lobby')
  await ada.getByLabel('Filter by name').fill(listed[1] ?? '')
  await expect.poll(rows, PATIENCE).toEqual(listed.filter((id) => id.startsWith(listed[1] ?? '')))

  await ada.getByRole('button', { name: 'Create with code' }).click()
  await playing(ada)
  const code = await roomOf(ada)
  await ada.locator('.room-code', { hasText: code }).waitFor(PATIENCE)
  await keepScreenshot(ada, 'arena-code')
  await bo.getByLabel('Code or name').fill(code.toLowerCase())
  await bo.getByRole('button', { name: 'Join' }).click()
  await playing(bo)
  expect(await roomOf(bo)).toBe(code)
  // After a reload the same player goes on in the same room.
  await bo.reload()
  await playing(bo)
  expect(await roomOf(bo)).toBe(code)

  // Back in the lobby, and by quick match into another room; and straight in by its address.
  await ada.keyboard.press('l')
  await ada.getByRole('button', { name: 'Quick match' }).click()
  await playing(ada)
  expect(await roomOf(ada)).not.toBe(code)
  const cy = await open(2, 'Cy', `&room=${listed[0]}`)
  await playing(cy)
  expect(await roomOf(cy)).toBe(listed[0])
})
