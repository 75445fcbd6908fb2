import { NetError } from '@tickmesh/shared'
import { describe, expect, it } from 'vitest'
import { type ClientPage, joinThrough } from '../src/index.ts'
import { LiveRoom } from '../src/live-room.ts'
import { pond } from './pond-game.ts'
import { PondLab, TestHost } from './pond-lab.ts'
import { A, B, PondShards, SECOND } from './pond-shards.ts'

/** A tab: what it keeps over a reload, and the page that is loaded in it. */
class Tab {
  readonly kept = new Map<string, string>()
  host: TestHost
  private readonly hide = new Set<() => void>()
  private readonly back = new Set<() => void>()

  private readonly lab: PondLab

  constructor(lab: PondLab) {
    this.lab = lab
    this.host = this.load()
  }

  /** Another page is loaded; of the one before nothing runs any more. */
  load(): TestHost {
    if (this.host !== undefined) this.host.frozenUntilMs = Number.POSITIVE_INFINITY
    this.hide.clear()
    this.back.clear()
    this.host = new TestHost(this.lab.scheduler, 777.7, 60)
    this.host.page = this.page(() => this.lab.scheduler.now())
    return this.host
  }

  private page(wallMs: () => number): ClientPage {
    const on = (set: Set<() => void>, run: () => void) => {
      set.add(run)
      return () => set.delete(run)
    }
    return {
      onHide: (run) => on(this.hide, run),
      onReturn: (run) => on(this.back, run),
      read: (key) => this.kept.get(key),
      write: (key, value) => void (value === undefined ? this.kept.delete(key) : this.kept.set(key, value)),
      wallMs,
    }
  }

  leave(): void {
    for (const run of this.hide) run()
  }

  return(): void {
    for (const run of this.back) run()
  }

  get listeners(): number {
    return this.hide.size + this.back.size
  }
}

const lost = { code: 'CONNECTION_LOST', message: '' } as const

async function joined(options: { resumeAfterReload?: boolean; graceMs?: number }) {
  const lab = new PondLab({ graceMs: options.graceMs ?? 20_000 })
  const tab = new Tab(lab)
  const { joined, links } = lab.joinByAddress(tab.host, options)
  const room = await lab.settle(joined)
  await lab.run(500)
  /** The page is left, and loaded anew in the same tab. */
  const reload = async (awayMs = 400) => {
    tab.leave()
    tab.host.frozenUntilMs = Number.POSITIVE_INFINITY
    links[0]?.close(lost)
    await lab.run(awayMs)
    const next = lab.joinByAddress(tab.load(), options)
    const again = await lab.settle(next.joined)
    await lab.run(500)
    return { room: again, links: next.links }
  }
  return { lab, tab, room, links, reload, player: () => lab.server.players[0] }
}

describe('a page that is reloaded', () => {
  it('is the same player again, with its seat and its counts of presses', async () => {
    const { lab, tab, room, reload, player } = await joined({ resumeAfterReload: true })
    room.press('fire')
    room.press('horn')
    await lab.run(500)
    const before = player()
    expect([...(before?.applied ?? [])]).toEqual([1, 1])
    const { room: again, links } = await reload()
    expect({ seat: again.seat, same: player() === before, players: lab.server.players.length }).toEqual({
      seat: room.seat,
      same: true,
      players: 1,
    })
    expect(lab.server.hellos.map(({ resume }) => typeof resume)).toEqual(['undefined', 'string'])
    again.press('fire')
    await lab.run(500)
    expect([...(before?.applied ?? [])]).toEqual([2, 1])
    expect({ kept: tab.kept.size, links: links.length }).toEqual({ kept: 0, links: 1 })
  })

  it('keeps nothing while it lives, so that a duplicate of the tab is another player', async () => {
    const { lab, tab } = await joined({ resumeAfterReload: true })
    expect(tab.kept.size).toBe(0)
    const copy = new Tab(lab)
    for (const [key, value] of tab.kept) copy.kept.set(key, value)
    await lab.settle(lab.joinByAddress(copy.host, { resumeAfterReload: true }).joined)
    expect(lab.server.players).toHaveLength(2)
  })

  it('is kept by its tab only until it comes back from the cache of the browser', async () => {
    const { tab } = await joined({ resumeAfterReload: true })
    tab.leave()
    expect(tab.kept.size).toBe(1)
    tab.return()
    expect(tab.kept.size).toBe(0)
  })

  it('joins as somebody new if the server does not know the secret, or its time is over', async () => {
    for (const [awayMs, hellos] of [
      [400, 3],
      [30_000, 2],
    ] as const) {
      const { lab, reload, player } = await joined({ resumeAfterReload: true })
      const before = player()
      if (before !== undefined) before.secret = 'another'
      const { room } = await reload(awayMs)
      expect({ open: room.open, hellos: lab.server.hellos.length, same: player() === before && awayMs > 400 }).toEqual({
        open: true,
        hellos,
        same: false,
      })
      expect(lab.server.hellos.at(-1)).not.toHaveProperty('resume')
    }
  })

  it('finds its room where others stood by, if its server died meanwhile', async () => {
    const lab = new PondShards()
    const tab = new Tab(lab)
    const dials: string[] = []
    const open = async (url: string) => {
      dials.push(url)
      if (url === A && lab.a.stopped) throw new NetError('CONNECT_FAILED', 'nobody is there', '')
      const { link, far } = lab.connect(tab.host, true, {})
      const shard = url === A ? lab.a : lab.b
      shard.accept(far)
      return link
    }
    const join = async () => {
      const room = await lab.settle(joinThrough(pond, A, tab.host, open, { resumeAfterReload: true }))
      if (!(room instanceof LiveRoom)) throw new Error('a room is a LiveRoom')
      await lab.run(500)
      return room
    }
    const { seat } = await join()
    tab.leave()
    lab.a.die()
    tab.load()
    lab.b.goOnFrom(lab.a, lab.a.tick, SECOND, 100)
    const room = await join()
    expect({ url: room.url, seat: room.seat, dials }).toEqual({ url: B, seat, dials: [A, A, B] })
    expect(lab.b.players[0]?.resumes).toBe(1)
  })

  it('without the option leaves the room, so that its seat is free at once', async () => {
    const { lab, tab, room } = await joined({})
    tab.leave()
    await lab.run(50)
    expect({ open: room.open, players: lab.server.players.length }).toEqual({ open: false, players: 0 })
    expect({ kept: tab.kept.size, listeners: tab.listeners }).toEqual({ kept: 0, listeners: 0 })
  })
})

describe('what a hello carries', () => {
  it('a credential that is asked for anew for each join, a ticket for the first one, and neither for a resume', async () => {
    const lab = new PondLab({ graceMs: 20_000 })
    let asked = 0
    const auth = async () => `token ${++asked}`
    const { joined, player } = lab.dial({ auth, ticket: 'once', fate: () => 'ordered' })
    await lab.settle(joined)
    player.link.close(lost)
    await lab.run(1_000)
    expect(lab.server.hellos).toHaveLength(2)
    expect(lab.server.hellos[0]).toMatchObject({ auth: 'token 1', ticket: 'once' })
    // The ticket names the room at first, then the welcome; the secret names the player.
    expect(lab.server.hellos[0]).not.toHaveProperty('room')
    expect(Object.keys(lab.server.hellos[1] ?? {}).sort()).toEqual(
      ['create', 'game', 'heard', 'protocol', 'resume', 'room', 'schema', 't'].sort(),
    )
    expect(asked).toBe(1)
  })

  it('nothing if there is no credential: the join fails with what the page threw, and hangs up', async () => {
    const lab = new PondLab()
    const { joined, link } = lab.dial({ auth: () => Promise.reject(new Error('signed out')) })
    await expect(lab.settle(joined)).rejects.toThrow('signed out')
    expect({ hellos: lab.server.hellos.length, closed: link.closedWith }).toEqual({ hellos: 0, closed: 'LEFT' })
  })
})
