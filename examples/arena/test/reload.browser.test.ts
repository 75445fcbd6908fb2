/** The arena in Chromium: a page that is reloaded, and one whose connection is cut. */
import { type AddressInfo, createServer, connect as openSocket, type Socket } from 'node:net'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchChromium } from '../../../scripts/launch-chromium.ts'
import { Example, keepScreenshot } from './browser.ts'

/** `window.__arena`, as far as this test needs it: see ../src/page/hooks.ts. */
interface ArenaPage {
  readonly state: string
  readonly room: {
    readonly seat: number
    readonly connection: { readonly state: string }
    readonly stats: { readonly reconnects: number; readonly frames: number }
  }
  scores(): readonly { readonly name: string; readonly seat: number }[]
  own(): { readonly id: number } | undefined
}

interface ArenaWindow {
  readonly __arena: ArenaPage
}

const PATIENCE = { timeout: 60_000 }

/** What stands between a page and its server, and can be cut. */
class Wire {
  port = 0
  cut = false
  private readonly sockets = new Set<Socket>()
  private readonly server = createServer((near) => {
    if (this.cut) return near.destroy()
    const far = openSocket(this.toPort, 'localhost')
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => other.destroy())
      socket.pipe(other)
    }
  })
  private readonly toPort: number

  constructor(toPort: number) {
    this.toPort = toPort
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, 'localhost', resolve))
    this.port = (this.server.address() as AddressInfo).port
  }

  sever(): void {
    this.cut = true
    for (const socket of this.sockets) socket.destroy()
    this.sockets.clear()
  }

  close(): void {
    this.sever()
    this.server.close()
  }
}

describe('a player of the arena', () => {
  let browser: Browser
  let example: Example
  let wire: Wire
  let page: Page
  const told = () =>
    page.evaluate(() => {
      const { __arena } = window as unknown as ArenaWindow
      const { room } = __arena
      return {
        state: __arena.state,
        seat: room.seat,
        id: __arena.own()?.id,
        frames: room.stats.frames,
        reconnects: room.stats.reconnects,
        names: __arena.scores().map(({ name }) => name),
        kept: Object.keys(sessionStorage).filter((key) => key.startsWith('tickmesh')).length,
      }
    })
  const playing = () =>
    page.waitForFunction(
      () => {
        const { __arena } = window as unknown as Partial<ArenaWindow>
        return __arena?.state === 'playing' && __arena.own() !== undefined
      },
      undefined,
      PATIENCE,
    )
  const notice = (shown: boolean) =>
    page.waitForFunction(
      (expected) => {
        const notice = document.querySelector<HTMLElement>('.notice')
        return (notice?.hidden === false && notice.textContent?.includes('Reconnecting') === true) === expected
      },
      shown,
      PATIENCE,
    )

  beforeAll(async () => {
    example = await Example.start('arena/src/main.ts', [], { PORT: '0' })
    wire = new Wire(Number(new URL(example.url).port))
    await wire.listen()
    browser = await launchChromium()
    page = await (await browser.newContext({ viewport: { width: 800, height: 600 } })).newPage()
    await page.goto(`http://localhost:${wire.port}/?name=Ada&auto=1&quality=low&link=websocket`)
    await playing()
  })

  afterAll(async () => {
    await browser?.close()
    wire?.close()
    await example?.stop()
  })

  it('is the same one after a reload: its seat, its fighter, its name', async () => {
    const { seat, id } = await told()
    await page.reload()
    await playing()
    const after = await told()
    expect({ seat: after.seat, id: after.id, kept: after.kept }).toEqual({ seat, id, kept: 0 })
    expect(after.names.filter((name) => name === 'Ada')).toHaveLength(1)
  })

  it('is told that its connection was lost, and plays on in the same room when there is one again', async () => {
    const { seat, frames } = await told()
    wire.sever()
    await notice(true)
    await keepScreenshot(page, 'arena-reconnecting')
    expect((await told()).state).toBe('playing')
    wire.cut = false
    await page.waitForFunction(
      (before) => (window as unknown as ArenaWindow).__arena.room.stats.frames > before + 10,
      frames,
      PATIENCE,
    )
    expect(await told()).toMatchObject({ seat, reconnects: 1, state: 'playing' })
    await notice(false)
  })
})
