/**
 * Makes a room, which was just made and has done nothing, into the one that a replica stands for: it stands at the replica's tick then, as it stood where it ran before, and
 * goes on once its pause ends. Called by the room host. Pure; cold. What a replica cannot know (measures of links, frames in flight) begins anew, as after a resume.
 */
import { continueFrom, copySnapshots, NetError, STAMP_INTS } from '@tickmesh/shared'
import type { TickLoop } from '../tick/tick-loop.ts'
import { restoreLate, unpackLate } from './late-inputs.ts'
import { NO_LINK, PlayerCore, packToClient } from './player-core.ts'
import type { PlayerPass } from './player-pass.ts'
import type { RoomCore } from './room-core.ts'
import { RoomPause } from './room-pause.ts'
import type { RoomReplica } from './room-replica.ts'
import { readSeatRow } from './seat-columns.ts'
import type { LedgerSeat } from './session-ledger.ts'

export interface RestoreOptions {
  /** The pass of a player, whose secrets are as they were. */
  readonly pass: (of: LedgerSeat, player: () => PlayerCore) => PlayerPass
  /** What is to tick it. */
  readonly loop: TickLoop
  /** Of a planned move: what came to the room before, and was not used. */
  readonly late?: Uint8Array | undefined
}

/** Inputs of so long after the replica's tick may have been made before the room stopped. */
const UNTIMED_MS = 1_000
/** Players in one message. */
const SOME = 32

/** Gives what is to end its pause. Throws MALFORMED if the replica does not fit together: the room is gone then. */
export function restoreRoom(room: RoomCore, replica: RoomReplica, options: RestoreOptions): RoomPause {
  const { tick, book } = replica.match
  const epochMs = book.epochMs - (room.options.clusterOffsetMs ?? 0)
  room.handle = options.loop.addPaused(room, room.game.tickRate, { epochMs, nextTick: tick + 1 })
  try {
    if (replica.isDamaged || replica.waiting > 0) throw unfit('not all of its records are replayed')
    return restore(room, replica, options)
  } catch (error) {
    room.abandon({ code: 'INTERNAL', message: 'The room could not be restored.' })
    throw error
  }
}

function restore(room: RoomCore, replica: RoomReplica, options: RestoreOptions): RoomPause {
  const { match, ledger } = replica
  room.tickNumber = match.tick
  continueFrom(room.sim, match.sim)
  copySnapshots(room.history, match.history)
  room.attributes.adopt(match.book.attributes)
  if (ledger.random !== undefined) room.random.restore(ledger.random)
  room.listing = ledger.listing ?? room.listing
  for (const timer of ledger.timers.values()) room.timers.restore(timer)
  for (const effect of ledger.effects.values()) room.effects.restore(effect)
  restorePlayers(room, replica, options)
  const offsetMs = room.options.clusterOffsetMs ?? 0
  for (const [seat, { ticketId, untilMs }] of ledger.reservations)
    room.seats.reservations.set(seat, { seat, ticketId, untilMs: untilMs - offsetMs })
  if (ledger.closing !== undefined) room.closeReason = { code: 'ROOM_CLOSED', message: ledger.closing }
  room.output.startAfter(match.tick)
  tellStage(room)
  if (options.late !== undefined) takeLate(room, options.late)
  const pause = new RoomPause(room, true)
  room.pause = pause
  return pause
}

function unfit(why: string): NetError {
  return new NetError('MALFORMED', `the replica cannot be gone on from: ${why}.`, 'Go on from another one.')
}

function restorePlayers(room: RoomCore, replica: RoomReplica, options: RestoreOptions): void {
  const { match, ledger } = replica
  if (match.book.players.size !== ledger.seats.size) throw unfit('its players are not those of its sessions')
  for (const [seat, { id, attributes }] of match.book.players) {
    const of = ledger.seats.get(seat)
    if (of === undefined || of.who.id !== id) throw unfit(`who sits in seat ${seat} is not clear`)
    const player = makePlayer(room, seat, of, options)
    player.attributes.adopt(attributes)
    room.played ||= of.played
    const { away } = of
    const untilMs = (away?.untilMs ?? 0) - (room.options.clusterOffsetMs ?? 0)
    const reason = away === null ? undefined : { code: lostCode(away.code), message: away.message }
    room.seats.restore(player, reason && { reason, untilMs })
    player.pass?.away(true)
  }
}

/** A loss, whatever is said: it is no reason to leave at once. */
function lostCode(code: string): 'TIMED_OUT' | 'TOO_SLOW' | 'CONNECTION_LOST' {
  return code === 'TIMED_OUT' || code === 'TOO_SLOW' ? code : 'CONNECTION_LOST'
}

function makePlayer(room: RoomCore, seat: number, of: LedgerSeat, { pass }: RestoreOptions): PlayerCore {
  const { game, sim, window, options, tickNumber: tick } = room
  const { clock, maxRewindMs } = options
  const { id, identity, options: asked, ticketId } = of.who
  let made: PlayerCore | undefined
  const player = (): PlayerCore => {
    if (made === undefined) throw unfit('a pass was used too early')
    return made
  }
  const who = {
    id,
    identity,
    options: asked,
    pass: pass(of, player),
    ...(ticketId === undefined ? {} : { ticketId }),
  }
  const init = { seat, newcomer: who, link: NO_LINK, tick, nowMs: clock.nowMs(), window, commit: room.output.commit }
  made = new PlayerCore(game, init, { maxRewindMs }, clock)
  made.restore(of)
  const row = new Int32Array(game.inputWidth)
  readSeatRow(game, sim.world.ints, seat, row)
  made.inputs.restore(row)
  restoreView(room, made)
  return made
}

/** Stamps may name any snapshot that the room may have sent. */
function restoreView({ game, history, sim, rules }: RoomCore, { seat, sent, stamps }: PlayerCore): void {
  const { world, inputs } = sim
  const everyTicks = rules.interest === undefined ? Math.ceil(game.ticksPerSnapshot / 3) : 1
  for (let tick = Math.max(0, world.tick - history.capacity + 1); tick <= world.tick; tick++)
    if (tick % everyTicks === 0 && history.find(tick) !== undefined) sent.push(tick, Number.NaN, -1)
  sent.newLink()
  const at = seat * STAMP_INTS
  const [older = -1, newer = -1, fraction = 0] = inputs.stamps.subarray(at, at + STAMP_INTS)
  const untimedTo = world.tick + Math.ceil((UNTIMED_MS * game.tickRate) / 1000)
  stamps.restore(world.tick, older, newer, fraction, untimedTo)
}

/** Spectators of later know nothing of what was said before. */
function tellStage({ stage, attributes, players, tickNumber }: RoomCore): void {
  if (stage === undefined) return
  stage.startAfter(tickNumber)
  const known = players.map((player) => [player.seat, { set: player.attributes.known }] as const)
  const room = { set: attributes.known }
  for (let at = 0; at === 0 || at < known.length; at += SOME) {
    const change = { ...(at === 0 ? { room } : {}), players: known.slice(at, at + SOME) }
    stage.tell(packToClient({ t: 'attr', tick: tickNumber, ...change }), change)
  }
  stage.startAfter(tickNumber + 1)
}

/** What cannot be read is left out: clients send it again. */
function takeLate(room: RoomCore, bytes: Uint8Array): void {
  const late = unpackLate(bytes, room.game)
  if (late === undefined) {
    const message = 'what came to the room before it moved cannot be read: clients send it again.'
    room.options.log({ level: 'warn', event: 'late-unreadable', message, room: room.id })
    return
  }
  const bySeat = new Map(room.players.map((player) => [player.seat, player]))
  for (const of of late) {
    const player = bySeat.get(of.seat)
    if (player !== undefined && !player.away) restoreLate(player, of)
  }
}
