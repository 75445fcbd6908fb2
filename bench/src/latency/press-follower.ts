/**
 * Follows the presses of two players, each through its client, the server and the other's client, by looking from outside: at the messages on both ends of
 * both links, at what the server's steps apply, and at what the display frames show. For any clock that all of them share.
 */
import type { Room } from '@tickmesh/client'
import { ByteReader, createFrameHead, decodeFrameHead, SNAPSHOT } from '@tickmesh/shared'
import type { Tap } from '../lab/tap-link.ts'
import { InputProbe } from './input-probe.ts'
import { type LatencyGame, type LatencyShape, makeLatencyGame } from './latency-game.ts'
import { PressLog } from './press-log.ts'

export const PLAYERS = 2
/** A client that can make no inputs for a while keeps so many presses; more are dropped, so no more are made. */
const MOST_WAITING = 8

/** One player, and the presses that it makes. */
interface Followed {
  readonly log: PressLog
  readonly atClient: InputProbe
  readonly atServer: InputProbe
  room: Room<LatencyShape> | undefined
  newestTick: number
}

export class PressFollower {
  readonly game: LatencyGame
  private readonly now: () => number
  private readonly players: readonly [Followed, Followed]
  private readonly reader = new ByteReader()
  private readonly head = createFrameHead()
  /** The newest tick of which a snapshot was sent. */
  private serverTick = 0

  /** `now` is the true time. */
  constructor(now: () => number) {
    this.now = now
    // Seats are given in the order of joining, from 1 on.
    this.game = makeLatencyGame((seat, newest, count, tick) => {
      this.player(seat - 1).log.computed(newest, count, tick, now())
    })
    const followed = (): Followed => ({
      log: new PressLog(),
      atClient: new InputProbe(this.game),
      atServer: new InputProbe(this.game),
      room: undefined,
      newestTick: -1,
    })
    this.players = [followed(), followed()]
  }

  get logs(): readonly PressLog[] {
    return this.players.map(({ log }) => log)
  }

  private player(index: number): Followed {
    return index === 0 ? this.players[0] : this.players[1]
  }

  tapClient(index: number): Tap {
    const { log, atClient } = this.player(index)
    return {
      onSend: (bytes) => log.left(atClient.countIn(bytes, this.serverTick), this.now()),
      afterArrive: (bytes) => {
        if (bytes[0] === SNAPSHOT) this.frameTaken(index)
      },
    }
  }

  tapServer(index: number): Tap {
    const { log, atServer } = this.player(index)
    return {
      onArrive: (bytes) => log.arrived(atServer.countIn(bytes, this.serverTick), this.now()),
      onSend: (bytes) => {
        if (bytes[0] === SNAPSHOT) this.player(1 - index).log.sent(this.tickOf(bytes), this.now())
      },
    }
  }

  private tickOf(bytes: Uint8Array): number {
    const { head, reader, serverTick } = this
    const { ticksPerSnapshot } = this.game
    if (!decodeFrameHead(reader.start(bytes, 1), head, ticksPerSnapshot, serverTick))
      throw new Error('a frame could not be read in passing')
    this.serverTick = head.tick
    return head.tick
  }

  private frameTaken(index: number): void {
    const player = this.player(index)
    const { room } = player
    const newest = room?.stats.serverTick ?? -1
    if (newest <= player.newestTick) return
    player.newestTick = newest
    this.player(1 - index).log.usable(newest, this.now())
  }

  /** Looks at what the player's screen shows from now on. Players come in the order of their seats. */
  watch(index: number, room: Room<LatencyShape>): void {
    const own = this.player(index)
    const other = this.player(1 - index)
    own.room = room
    room.onFrame((view, frame) => {
      const nowMs = this.now()
      for (const { owner, shots } of view.player) {
        if (owner === room.seat) own.log.ownFrame(shots, nowMs)
        else other.log.otherFrame(shots, frame.viewTick, nowMs)
      }
    })
  }

  press(index: number): void {
    const { room, log } = this.player(index)
    if (room === undefined) throw new Error('a player pressed before it was in the room')
    if (log.waiting >= MOST_WAITING) return
    log.pressed(this.now())
    room.press('fire')
  }
}
