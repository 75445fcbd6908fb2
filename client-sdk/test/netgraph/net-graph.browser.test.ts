/** The net graph by itself in Chromium, on a page that does its best to break it: what it shows, its key, its sliders, and how it goes. */
import { mkdirSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { build, defaultClientConditions, type Rolldown } from 'vite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchChromium } from '../../../scripts/launch-chromium.ts'

const GRAPH = '.tickmesh-net-graph'
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'"
/** Styles that reach everything they can. */
const HOSTILE = `
* { color: lime !important; font: 40px serif !important; transform: none; letter-spacing: 9px; line-height: 3 }
div, canvas, input, label, button, p { display: inline !important; padding: 30px; width: 9px; opacity: 0.3; background: lime }
body { background: #26324a }
`
const HTML =
  '<!doctype html><link rel="stylesheet" href="/page.css"><body><script type="module" src="/page.js"></script>'

const repository = new URL('../../../', import.meta.url)

/** What the page leaves on its window: see demo-page.ts. */
interface Demo {
  readonly graph: { show(): void; hide(): void; toggle(): void; remove(): void; readonly shown: boolean }
  readonly network: { readonly options: { readonly delayMs?: number; readonly loss?: number } }
  readonly room: { open: boolean }
}

async function bundle(): Promise<string> {
  const result = (await build({
    configFile: false,
    logLevel: 'error',
    resolve: { conditions: ['source', ...defaultClientConditions] },
    build: {
      write: false,
      target: 'es2022',
      rolldownOptions: { input: fileURLToPath(new URL('demo-page.ts', import.meta.url)) },
      modulePreload: false,
    },
  })) as Rolldown.RolldownOutput
  return result.output[0].code
}

function serve(code: string): Server {
  const files: Readonly<Record<string, readonly [type: string, text: string]>> = {
    '/page.css': ['text/css', HOSTILE],
    '/page.js': ['text/javascript', code],
  }
  return createServer((request, response) => {
    const [type, text] = files[request.url ?? ''] ?? ['text/html', HTML]
    response.writeHead(200, { 'content-type': type, 'content-security-policy': POLICY }).end(text)
  }).listen(0, 'localhost')
}

async function keepScreenshot(page: Page, name: string): Promise<void> {
  const folder = fileURLToPath(new URL('test-output/', repository))
  mkdirSync(folder, { recursive: true })
  await page.screenshot({ path: `${folder}${name}.png` })
}

/** Colours on the graph's canvas: a blank one has one. */
function coloursOf(page: Page): Promise<number> {
  return page.locator(`${GRAPH} canvas`).evaluate((element) => {
    const canvas = element as HTMLCanvasElement
    const { data } = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height) ?? { data: [] }
    return new Set(new Uint32Array(new Uint8ClampedArray(data).buffer)).size
  })
}

describe('the net graph on a page', () => {
  let browser: Browser
  let server: Server
  let url: string
  let page: Page
  const problems: string[] = []

  beforeAll(async () => {
    server = serve(await bundle())
    browser = await launchChromium()
    url = `http://localhost:${(server.address() as AddressInfo).port}`
    page = await (await browser.newContext({ viewport: { width: 800, height: 600 } })).newPage()
    page.on('pageerror', (error) => problems.push(String(error.stack)))
    page.on('console', (message) => {
      if (/Content Security Policy/.test(message.text()) && !message.text().includes('favicon'))
        problems.push(message.text())
    })
    await page.goto(url)
    await page.locator(`${GRAPH} canvas`).waitFor()
  })

  afterAll(async () => {
    await browser?.close()
    server?.close()
  })

  it('draws without breaking a strict content security policy', async () => {
    await expect.poll(() => coloursOf(page)).toBeGreaterThan(40)
    expect(problems).toEqual([])
  })

  it('looks as it should, whatever the styles of the page', async () => {
    const box = await page.locator(GRAPH).boundingBox()
    expect(box).toMatchObject({ x: 12, y: 12, width: 336 })
    const slider = page.locator(`${GRAPH} input[name="loss"]`)
    const style = await slider.evaluate((element) => {
      const { opacity, paddingLeft, fontSize } = getComputedStyle(element.parentElement ?? element)
      return { opacity, paddingLeft, fontSize }
    })
    expect(style).toEqual({ opacity: '1', paddingLeft: '0px', fontSize: '11px' })
    expect(await page.locator(GRAPH).evaluate((element) => getComputedStyle(element).opacity)).toBe('1')
  })

  it('has the sliders of an ordered link, at the values that the network has', async () => {
    expect(await page.locator(`${GRAPH} label:visible`).allInnerTexts()).toHaveLength(4)
    expect(await page.locator(`${GRAPH} output`).first().textContent()).toBe('+80 ms')
    expect(await page.locator(`${GRAPH} p`).textContent()).toContain('WebSocket: a loss is a stall')
    await page.locator(`${GRAPH} input[name="loss"]`).fill('10')
    const options = await page.evaluate(() => (window as unknown as Demo).network.options)
    expect(options).toMatchObject({ delayMs: 40, loss: 0.05 })
  })

  it('leaves the keys to the game after a slider was used with the mouse', async () => {
    await page.locator(`${GRAPH} input[name="jitter"]`).click()
    const focused = await page.evaluate(() => document.activeElement?.tagName)
    expect(focused).toBe('BODY')
  })

  it('adds nothing any more after reset', async () => {
    await page.getByRole('button', { name: 'reset' }).click()
    const values = await page.evaluate(() => Object.values((window as unknown as Demo).network.options))
    expect(values.filter((value) => value !== undefined)).toEqual([])
    expect(await page.locator(`${GRAPH} output`).first().textContent()).toBe('+0 ms')
    await page.waitForTimeout(3000)
    await keepScreenshot(page, 'net-graph-alone')
  })

  it('is hidden and shown by its key and by its methods', async () => {
    const shown = () => page.locator(GRAPH).isVisible()
    await page.keyboard.press('F3')
    expect(await shown()).toBe(false)
    await page.keyboard.press('Control+F3')
    expect(await shown()).toBe(false)
    await page.keyboard.press('F3')
    expect(await shown()).toBe(true)
    const call = (name: 'show' | 'hide' | 'toggle') =>
      page.evaluate((method) => {
        const { graph } = window as unknown as Demo
        graph[method]()
        return graph.shown
      }, name)
    expect([await call('hide'), await call('toggle'), await call('show')]).toEqual([false, true, true])
  })

  it('shows the sliders for datagrams on a link that has them', async () => {
    await page.goto(`${url}/?datagrams`)
    await page.locator(`${GRAPH} canvas`).waitFor()
    expect(await page.locator(`${GRAPH} label:visible`).allInnerTexts()).toHaveLength(6)
  })

  it('has no sliders without a bad network, and takes itself off the page', async () => {
    await page.goto(`${url}/?plain`)
    await page.locator(`${GRAPH} canvas`).waitFor()
    expect(await page.locator(`${GRAPH} input`).count()).toBe(0)
    await page.setViewportSize({ width: 360, height: 640 })
    const box = await page.locator(GRAPH).boundingBox()
    expect(box).toMatchObject({ x: 12, width: 336 })
    await page.evaluate(() => (window as unknown as Demo).graph.remove())
    expect(await page.locator(GRAPH).count()).toBe(0)
    await page.keyboard.press('F3')
    expect(await page.locator(GRAPH).count()).toBe(0)
    expect(problems).toEqual([])
  })
})
