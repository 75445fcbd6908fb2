/**
 * A fake server that is one of a cluster: it may stand by for another one, keep hellos waiting, expect a room that moves to it, and go on with the room from the end of
 * any tick that the other one remembers. What came there later, the new one does not know.
 */
import { copySnapshots, type EpochTriple, INPUT, type Link, SEAT_LEVELS } from '@tickmesh/shared'
import { FakePlayer, pack } from './fake-player.ts'
import { FakeServer } from './fake-server.ts'

type Plain = Readonly<Record<string, unknown>>

export class FakeShard extends FakeServer {
  /** It runs the room. */
  owns = true
  readonly waiting: { readonly hello: Plain; readonly link: Link }[] = []
  /** Hellos that are refused before any is kept waiting. */
  refusals: string[] = []
  /** Inputs that came before the room did. */
  readonly early: { readonly link: Link; readonly bytes: Uint8Array }[] = []
  private readonly links: Link[] = []

  override accept(link: Link): FakePlayer {
    this.links.push(link)
    return super.accept(link)
  }

  /** The machine dies: its kernel, or nobody, says so to whoever is connected. */
  die(): void {
    this.stopped = true
    this.owns = false
    for (const link of this.links) link.close({ code: 'CONNECTION_LOST', message: 'reset' })
  }

  protected override onMessage(player: FakePlayer, bytes: Uint8Array, link: Link): void {
    if (this.owns || bytes[0] !== INPUT) super.onMessage(player, bytes, link)
    else this.early.push({ link, bytes: bytes.slice() })
  }

  protected override onControl(player: FakePlayer, message: Plain, link: Link): void {
    if (this.owns || message.t !== 'hello') return super.onControl(player, message, link)
    this.hellos.push(message)
    const code = this.refusals.shift()
    if (code !== undefined) {
      link.send('reliable', pack({ t: 'refused', code, message: '' }))
      return link.close({ code: 'NOT_READY', message: '' })
    }
    if (message.prepare === true) link.send('reliable', pack({ t: 'ready' }))
    this.waiting.push({ hello: message, link })
  }

  /** Goes on after `tick` of `from`, under `epoch`; `waitMs` from now its next tick is due, unless the timeline stays. */
  goOnFrom(from: FakeServer, tick: number, epoch: EpochTriple, waitMs?: number): void {
    this.owns = true
    this.epoch = epoch
    this.tick = tick
    copySnapshots(this.history, from.history)
    this.history.clear(tick)
    const state = this.history.find(tick)
    if (state === undefined) throw new Error('nobody knows that tick')
    this.sim.world.load(state)
    this.epochMs = waitMs === undefined ? from.epochMs : this.now() + waitMs - (tick + 1) * this.tickMs
    for (const player of from.players) this.players.push(this.restored(player, state, tick))
    this.run()
    for (const { hello, link } of this.waiting.splice(0)) {
      this.onResume(hello, link)
      const player = this.players.find((player) => player.link === link)
      for (const early of this.early) if (early.link === link && player !== undefined) this.onInput(player, early.bytes)
    }
  }

  private restored(player: FakePlayer, state: Int32Array, tick: number): FakePlayer {
    const { game } = this
    const copy = new FakePlayer(game, player.link, player.seat)
    copy.secret = player.secret
    copy.away = true
    copy.heard = player.heard
    const first = game.seatBase + (SEAT_LEVELS + game.levels.length) * game.seatRows + player.seat
    for (let press = 0; press < game.presses.length; press++)
      copy.applied[press] = state[first + press * game.seatRows] ?? 0
    copy.ring.baseCounters.set(copy.applied)
    // Whoever steps along has the inputs, too.
    for (let at = Math.max(0, tick - 100); at <= tick; at++) {
      const there = player.ring.find(at)
      if (there < 0) continue
      const { ring } = copy
      const row = player.ring.rows.subarray(player.ring.rowOffset(there), player.ring.rowOffset(there) + ring.width)
      ring.rows.set(row, ring.rowOffset(ring.slotFor(at)))
    }
    return copy
  }
}
