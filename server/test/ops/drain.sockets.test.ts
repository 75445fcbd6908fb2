/** Signals to real processes during play: players are told, hooks run, and the process ends in time, whatever the game does. */
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { walkers } from '../test-game.ts'
import { SocketPeer } from './socket-peer.ts'

const script = fileURLToPath(new URL('./drain-process.ts', import.meta.url))

class GameProcess {
  readonly lines: string[] = []
  readonly exited: Promise<{ code: number | null; signal: string | null; ms: number }>
  readonly child: ChildProcess
  port = 0
  private signalledMs = 0

  private constructor(timeoutMs: number, mode: string) {
    const args = ['--conditions=source', '--import', 'tsx', script, String(timeoutMs), mode]
    this.child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.on('data', (data: Buffer) => this.lines.push(...data.toString().split('\n').filter(Boolean)))
    this.exited = new Promise((resolve) =>
      this.child.once('exit', (code, signal) => resolve({ code, signal, ms: performance.now() - this.signalledMs })),
    )
  }

  static async start(timeoutMs: number, mode = 'plain'): Promise<GameProcess> {
    const game = new GameProcess(timeoutMs, mode)
    processes.push(game)
    const line = await game.line('listening')
    game.port = Number(line.split(' ')[1])
    return game
  }

  async line(start: string): Promise<string> {
    await expect.poll(() => this.lines.find((line) => line.startsWith(start)), { timeout: 25_000 }).toBeDefined()
    return this.lines.find((line) => line.startsWith(start)) ?? ''
  }

  signal(signal: NodeJS.Signals): void {
    this.signalledMs = performance.now()
    this.child.kill(signal)
  }

  join(room = 'main'): Promise<SocketPeer> {
    return SocketPeer.join(`ws://127.0.0.1:${this.port}/tickmesh`, walkers, { room })
  }

  async ready(): Promise<{ status: number; text: string }> {
    const response = await fetch(`http://127.0.0.1:${this.port}/readyz`)
    return { status: response.status, text: await response.text() }
  }
}

const processes: GameProcess[] = []
afterEach(() => {
  for (const { child } of processes.splice(0)) child.kill('SIGKILL')
})

describe('a signal to stop', () => {
  it('during play tells players and rules, lets nobody in, and when all have left ends with 0, long before the time is over', async () => {
    const game = await GameProcess.start(20_000)
    const [stays, other] = [await game.join('a'), await game.join('b')]
    expect(await game.ready()).toEqual({ status: 200, text: 'ready\n' })
    game.signal('SIGTERM')
    for (const peer of [stays, other]) expect(await peer.next('notice', 'stopping')).toMatchObject({ ms: 20_000 })
    await game.line('onDrain a 20000')
    await game.line('onDrain b 20000')
    expect(await game.ready()).toEqual({ status: 503, text: 'draining\n' })
    // Neither into a room that is there, nor into a new one.
    for (const room of ['a', 'new']) {
      const refused = await game.join(room)
      expect(await refused.next('refused')).toMatchObject({ code: 'SERVER_STOPPING' })
      await refused.closed
    }
    // Play goes on meanwhile.
    await stays.frames(3)
    stays.say({ t: 'leave' })
    other.say({ t: 'leave' })
    const { code, ms } = await game.exited
    expect(code).toBe(0)
    expect(ms).toBeLessThan(10_000)
    expect(game.lines).toContain('onLeave a 1 LEFT')
    expect(game.lines).toContain('onDispose a')
    expect(game.lines.at(-1)).toBe('stopped')
    expect(game.lines.some((line) => /^on\w+ new\b/.test(line))).toBe(false)
  })

  it('ends with 0 when the time is over, and says goodbye to those who stayed', async () => {
    const game = await GameProcess.start(300)
    const peer = await game.join()
    game.signal('SIGINT')
    expect(await peer.next('bye')).toMatchObject({ code: 'SERVER_STOPPING' })
    expect((await peer.closed).text).toContain('SERVER_STOPPING')
    const { code, ms } = await game.exited
    expect(code).toBe(0)
    expect(ms).toBeGreaterThan(250)
    expect(ms).toBeLessThan(4_000)
    expect(game.lines).toEqual(expect.arrayContaining(['onLeave main 1 SERVER_STOPPING', 'onDispose main', 'stopped']))
  })

  it('lets a game end its match sooner, and outlives one that throws or never answers', async () => {
    const [ends, throws, waits] = await Promise.all([
      GameProcess.start(20_000, 'ends-match'),
      GameProcess.start(20_000, 'throws'),
      GameProcess.start(500, 'never-resolves'),
    ])
    for (const game of [ends, throws, waits]) {
      const peer = await game.join()
      game.signal('SIGTERM')
      const { code, ms } = await game.exited
      expect(code).toBe(0)
      expect(ms).toBeLessThan(8_000)
      await peer.closed
      expect(game.lines).toContain('onDispose main')
    }
  })

  it('sent twice ends the process at once, with 1; but one that comes double, as npm makes it, is one', async () => {
    const game = await GameProcess.start(20_000)
    const peer = await game.join()
    game.signal('SIGTERM')
    game.signal('SIGTERM')
    await game.line('onDrain')
    // Most of a second of play.
    await peer.frames(15)
    expect(game.child.exitCode).toBe(null)
    game.signal('SIGTERM')
    const { code, ms } = await game.exited
    expect(code).toBe(1)
    expect(ms).toBeLessThan(2_000)
  })

  it('while joins come: each is either in, and told, or refused as the server stops', async () => {
    const game = await GameProcess.start(400)
    const peers: SocketPeer[] = []
    const joining = (async () => {
      for (let n = 0; n < 100; n++) {
        const peer = await game.join(`room-${n % 40}`).catch(() => undefined)
        if (peer === undefined) return
        peers.push(peer)
        if (n === 20) game.signal('SIGTERM')
      }
    })()
    const { code } = await game.exited
    await joining
    expect(code).toBe(0)
    let refused = 0
    for (const peer of peers) {
      await peer.closed
      const kinds = peer.messages.map(({ t }) => t)
      if (kinds.includes('refused')) {
        refused++
        expect(peer.messages.find(({ t }) => t === 'refused')).toMatchObject({ code: 'SERVER_STOPPING' })
      } else if (kinds.includes('welcome')) expect(kinds).toContain('bye')
    }
    expect(refused).toBeGreaterThan(0)
    expect(peers.length - refused).toBeGreaterThan(15)
  })

  it('ends even a process whose rules never return', async () => {
    const game = await GameProcess.start(100, 'never-returns')
    await game.join()
    game.signal('SIGTERM')
    const { signal, ms } = await game.exited
    expect(signal).toBe('SIGKILL')
    expect(ms).toBeLessThan(10_000)
    expect(game.lines.at(-1)).toContain('never returns')
  })
})
