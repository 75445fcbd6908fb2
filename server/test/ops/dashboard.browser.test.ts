/** The dashboard's page in Chromium, fed with a state of five shards. Keeps its screenshots in test-output/. */
import { mkdirSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchChromium } from '../../../scripts/launch-chromium.ts'
import { DashboardRoute } from '../../src/ops/dashboard/dashboard-route.ts'
import { exampleState } from './dashboard-example.ts'

const output = new URL('../../../test-output/', import.meta.url)
const TOKEN = 'a-token-of-more-than-sixteen'

function listen(token: string | undefined): Promise<Server> {
  const route = new DashboardRoute(exampleState, token)
  const server = createServer((request, response) => {
    const [path = ''] = (request.url ?? '').split('?')
    if (!route.take(request, response, path)) response.writeHead(404).end()
  })
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)))
}

function addressOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/dashboard`
}

describe('the dashboard', () => {
  let browser: Browser
  let open: Server
  let closed: Server
  const problems: string[] = []

  async function pageAt(address: string): Promise<Page> {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
    page.on('pageerror', (error) => problems.push(error.message))
    page.on('console', (message) => {
      if (message.type() === 'error' && !message.text().includes('401')) problems.push(message.text())
    })
    await page.goto(address)
    return page
  }

  beforeAll(async () => {
    browser = await launchChromium()
    open = await listen(undefined)
    closed = await listen(TOKEN)
    mkdirSync(output, { recursive: true })
  })
  afterAll(async () => {
    await browser?.close()
    open?.close()
    closed?.close()
  })

  it('shows members, ring, rooms, views, clocks and events, and takes what peers say for text', async () => {
    const page = await pageAt(addressOf(open))
    await page.locator('#members tr').nth(5).waitFor()
    await page.screenshot({ path: new URL('dashboard.png', output).pathname, fullPage: true })
    const members = await page.locator('#members').textContent()
    for (const name of ['shard-1 (this) ★', 'shard-5 draining', 'silent', 'suspect', 'serf-1'])
      expect(members).toContain(name)
    expect(await page.locator('#rooms tr').count()).toBe(13)
    expect(await page.locator('#views').textContent()).toContain('+ shard-5')
    expect(await page.locator('#events').textContent()).toContain('<b>shard-4</b>')
    expect(await page.locator('#clock tr').count()).toBe(6)
    expect(await page.locator('#plots canvas').count()).toBe(7)
    expect(await inkOf(page)).toBeGreaterThan(1000)
    expect(problems).toEqual([])
    await page.close()
  })

  it('asks for the token, and says so if it is wrong', async () => {
    const page = await pageAt(addressOf(closed))
    await page.locator('#ask').waitFor()
    await page.locator('#token').fill('not the right token')
    await page.locator('#ask button').click()
    await page.getByText('Show the token.').waitFor()
    expect(await page.locator('#all').isVisible()).toBe(false)
    await page.locator('#token').fill(TOKEN)
    await page.locator('#ask button').click()
    await page.locator('#members tr').nth(5).waitFor()
    await page.close()
  })
})

/** How many pixels of the ring are painted. */
function inkOf(page: Page): Promise<number> {
  return page.evaluate<number>(`(() => {
    const canvas = document.querySelector('#ring')
    const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data
    return pixels.filter((value, at) => at % 4 === 3 && value > 0).length
  })()`)
}
