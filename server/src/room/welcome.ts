/**
 * The welcome of a player who got a seat, or came back to it, with as many of the others as one message holds.
 */
import type { EpochTriple, PlainObject, WelcomeMessage } from '@tickmesh/shared'
import type { PlayerCore } from './player-core.ts'

export interface WelcomeSource {
  readonly id: string
  readonly game: { readonly tickRate: number; readonly maxPlayers: number }
  readonly options: {
    readonly publicSeed: number
    readonly maxRewindMs: number
    readonly clock: { nowMs(): number }
    readonly epoch?: EpochTriple | undefined
    readonly clusterOffsetMs?: number | undefined
  }
  readonly attributes: { readonly known: Readonly<PlainObject> }
  /** When tick 0 ends for the receiver; cluster time. */
  readonly epochMs: number
  readonly standbyUrls: readonly string[]
}

/** With what the receiver may come back: an empty secret says that it cannot. */
export interface WelcomePass {
  readonly resume: string
  readonly resumed: boolean
  readonly graceMs: number
  /** The secret that the receiver showed stays the one. */
  readonly keeps: boolean
  /** With `resumed`: messages of the game before those that follow. */
  readonly said: number
}

const NO_PASS: WelcomePass = { resume: '', resumed: false, keeps: false, graceMs: 0, said: 0 }

export function welcomeOf(
  room: WelcomeSource,
  player: PlayerCore,
  players: WelcomeMessage['players'],
  tick: number,
  pass: WelcomePass = NO_PASS,
): WelcomeMessage {
  return {
    t: 'welcome',
    seat: player.seat,
    roomId: room.id,
    tickRate: room.game.tickRate,
    epochMs: room.epochMs,
    serverNowMs: room.options.clock.nowMs() + (room.options.clusterOffsetMs ?? 0),
    tick: tick - 1,
    seed: room.options.publicSeed,
    playerId: player.id,
    resume: pass.resume,
    ...(pass.resumed ? { resumed: true } : {}),
    ...(pass.resume === '' && !pass.keeps ? {} : { graceMs: pass.graceMs }),
    attributes: room.attributes.known,
    players,
    maxPlayers: room.game.maxPlayers,
    maxRewindMs: room.options.maxRewindMs,
    ...(room.options.epoch === undefined ? {} : { epoch: room.options.epoch }),
    // What waits is applied before anybody can learn otherwise.
    ...(pass.resumed ? { heard: player.appliedMessages + player.waitingMessages, said: pass.said } : {}),
    ...(room.standbyUrls.length === 0 ? {} : { standby: room.standbyUrls }),
  }
}
