/**
 * What is played in a run: one or two matches with real clients, whoever runs them; and what must be so of them when all is well again. Made by the run.
 */
import type { TickTimer } from '@tickmesh/server'
import type { MoveOutcome } from '@tickmesh/server/cluster'
import type { CloseReason, Game } from '@tickmesh/shared'
import { SeededRandom, type VirtualScheduler } from '@tickmesh/shared'
import type { Judge } from '../judge.ts'
import type { Machine } from '../machine.ts'
import type { Network } from '../network.ts'
import { ClientLines } from './client-lines.ts'
import type { Match } from './match.ts'
import { Matches } from './matches.ts'
import { Outside } from './outside.ts'
import type { PlayGround } from './play-ground.ts'
import { SimPlayer } from './player.ts'
import { makeTally, type Tally, type TallyEffect, tallyText, tallyWorld } from './tally-game.ts'

export interface PlayOptions {
  readonly time: VirtualScheduler
  readonly network: Network
  readonly judge: Judge
  readonly machines: readonly Machine[]
  readonly shards: number
  readonly isPlayed: boolean
}

/** What became of all that was played. */
export interface PlayCounts {
  readonly playedRooms: number
  readonly matches: number
  readonly matchesLost: number
  readonly ticksHeld: number
  readonly inputsAccepted: number
  readonly inputsLost: number
  readonly inputsTwice: number
  readonly hashMismatches: number
  readonly failovers: number
  readonly effects: number
  readonly effectsRepeated: number
  /** Matches that went on from before what players had been told, after nobody could stand by for long. */
  readonly setBacks: number
  readonly moves: number
  /** Those that failed after the owner had stopped, so that it went on itself. */
  readonly movesReturned: number
  /** Of those that an operator asked for. */
  readonly movesNotDone: number
  readonly joins: number
  readonly reconnects: number
}

const PLAYERS = 2
const FIRST_JOIN_MS = 1_500

export class Play implements PlayGround {
  readonly game: Game<Tally>
  readonly matches: Matches
  readonly lines: ClientLines
  readonly players: SimPlayer[] = []
  readonly rooms: readonly string[]
  /** That an operator asked for, by how they ended. */
  readonly moves: Record<MoveOutcome, number> = { moved: 0, refused: 0, aborted: 0, unknown: 0 }
  readonly #options: PlayOptions
  readonly #outside: Outside
  #replayed: { ticks: number; mismatches: number } | undefined

  constructor(options: PlayOptions, random: SeededRandom) {
    this.#options = options
    const { time, network, judge, machines, shards } = options
    this.game = makeTally(random.next() < 0.5 ? 10 : 20)
    this.matches = new Matches(
      this.game,
      judge,
      (room, match) => this.#whoHolds(room, match),
      (room) => {
        for (const player of this.players) if (player.roomId === room) player.setBack()
      },
    )
    const rooms = random.next() < 0.4 ? ['match-1', 'match-2'] : ['match-1']
    this.rooms = options.isPlayed ? rooms : []
    this.#outside = new Outside(new SeededRandom(random.uint32()), (room, id, number) =>
      this.matches.tookEffect(room, id, number),
    )
    this.lines = new ClientLines({
      ...{ network, time },
      machineAt: (url) => machines.find((machine) => machine.url === url),
    })
    const ground = {
      ...{ time, judge, shards, game: this.game, lines: this.lines },
      urlOf: (shard: number) => machines[shard]?.url ?? '',
      placeLost: (player: SimPlayer, reason: CloseReason) => this.#placeLost(player, reason),
    }
    for (const room of this.rooms) {
      for (let n = 1; n <= PLAYERS; n++) this.players.push(new SimPlayer(`player ${n}`, room, random.uint32(), ground))
    }
    for (const player of this.players) player.start(FIRST_JOIN_MS * (0.5 + random.next()))
  }

  isPlayed(room: string): boolean {
    return this.rooms.includes(room)
  }

  effect(effect: TallyEffect, timer: TickTimer): Promise<void> {
    return this.#outside.carryOut(effect, timer)
  }

  /** No press and no word any more: what is under way may arrive. */
  rest(): void {
    for (const player of this.players) player.rest()
  }

  /** A player's place may be gone only with its match. */
  #placeLost({ name, roomId }: SimPlayer, { code, message }: CloseReason): void {
    const match = this.matches.of(roomId)
    // One that it played in before.
    if (match === undefined || match.over !== undefined || this.#isNewer(match)) return
    if (this.#ownerOf(roomId) === undefined) return this.matches.lost(roomId, match.epoch)
    this.#options.judge.accuse('a player lost its place', `${roomId} ${name}: ${code}: ${message}`)
  }

  #isNewer(match: Match): boolean {
    return this.matches.all.some((other) => other !== match && other.room === match.room)
  }

  /** Whoever could go on with a match: a member of the newest view that holds all that must be held. */
  #whoHolds(room: string, { heldTick, epoch }: Match): string | undefined {
    for (const { process, index } of this.#options.machines) {
      const held = process?.node.standby.held.get(room)
      if (held?.isHolder !== true || held.tick < heldTick || process === undefined) continue
      const { view } = process.node
      const isMember = view?.members.some(({ life }) => life === process.life) === true
      const isOf = held.epoch.view === epoch.view && held.epoch.k === epoch.k
      if (isMember && isOf && process.node.mayAct(process.machine.localMs))
        return `shard ${index} holds tick ${held.tick}`
    }
    return undefined
  }

  /** What is not as it must be when all is well. */
  whatIsWrong(): string[] {
    const wrong: string[] = []
    for (const player of this.players) this.#lookAtPlayer(player, wrong)
    for (const room of this.rooms) this.#lookAtRoom(room, wrong)
    return wrong
  }

  #ownerOf(room: string): Machine | undefined {
    return this.#options.machines.find(({ process }) => process?.played.running.has(room) === true)
  }

  #lookAtPlayer(player: SimPlayer, wrong: string[]): void {
    const { roomId, room, presses, sent, told } = player
    const who = `${roomId} ${player.name}`
    const core = this.#ownerOf(roomId)?.process?.played.host.roomNamed(roomId)
    if (room === undefined || !room.open) wrong.push(`${who} is not in: ${player.joinError}`)
    else if (core === undefined) wrong.push(`nobody runs ${roomId}`)
    else if (room.connection.state !== 'connected')
      wrong.push(`${who} is not connected: ${room.connection.reason?.code}`)
    else {
      const { serverTick, droppedPresses } = room.stats
      const refusedPresses = this.#refused(player)
      if (core.tickNumber - serverTick > 30) wrong.push(`${who} has tick ${serverTick} of ${core.tickNumber}`)
      const ints = core.history.find(serverTick)
      if (ints === undefined) return void wrong.push(`${who} has a tick that ${roomId} does not have: ${serverTick}`)
      const [truth, seen] = [tallyText(tallyWorld(this.game, ints)), tallyText(room.debug.server)]
      if (truth !== seen) wrong.push(`${who} has another world of tick ${serverTick}: ${seen}; the server has ${truth}`)
      for (const own of room.debug.server.player) {
        if (own.owner !== room.seat || player.wasSetBack) continue
        const most = presses - droppedPresses
        if (own.fires > most || own.fires < most - refusedPresses)
          wrong.push(
            `${who}: ${own.fires} presses of ${presses} were applied, ${refusedPresses} refused, ${droppedPresses} dropped`,
          )
        if (own.said !== sent || own.outOfTurn > 0)
          wrong.push(`${who}: ${own.said} messages of ${sent} were applied, and ${own.outOfTurn} out of turn`)
        if (own.told !== told) wrong.push(`${who} was told ${told} of ${own.told}`)
        // Where a press was refused, or came late or over another link, those after it may have other numbers than were shown at first.
        if (room.stats.eventTicksUntold > 0 || refusedPresses + room.stats.lateInputs + room.stats.reconnects > 0)
          continue
        for (let n = 1; n <= own.fires; n++) {
          const times = player.timesShown(`fired ${room.seat} ${n}`)
          if (times !== 1) wrong.push(`${who} saw its press ${n} of ${own.fires} ${times} times`)
        }
      }
    }
  }

  /** Presses that came too late, as the player heard, and as those who ran the room counted: what was decided just before another went on may not have been told. */
  #refused({ room, roomId }: SimPlayer): number {
    if (room === undefined) return 0
    return Math.max(room.stats.refusedPresses, this.matches.of(roomId)?.refusedIn(room.seat) ?? 0)
  }

  #lookAtRoom(room: string, wrong: string[]): void {
    const match = this.matches.of(room)
    const owner = this.#ownerOf(room)?.process
    const core = owner?.played.host.roomNamed(room)
    if (match === undefined || core === undefined || owner === undefined)
      return void wrong.push(`${room} is not played`)
    const tick = core.tickNumber
    const ints = core.history.find(tick)
    if (ints === undefined) return void wrong.push(`${room} has no tick ${tick}`)
    for (const table of tallyWorld(this.game, ints).table) {
      const problem = match.wrongEffects(table.effects)
      if (problem !== undefined) wrong.push(`${room}: ${problem}`)
      if (table.offBeat > 0)
        wrong.push(`${room}: ${table.offBeat} of ${table.beats} beats of its timer came out of time`)
      if (tick - table.beatTick > 20) wrong.push(`${room}: its timer stopped at tick ${table.beatTick} of ${tick}`)
    }
    const { members } = owner.node.view ?? { members: [] }
    if (members.filter(({ draining }) => !draining).length > 1 && tick - match.heldTick > 40)
      wrong.push(`${room} is at tick ${tick}, and held up to ${match.heldTick}`)
  }

  /** The run is over: plays all that was held once more. */
  finish(): void {
    let ticks = 0
    let mismatches = 0
    for (const match of this.matches.all) {
      const result = match.replay()
      ticks += result.ticks
      mismatches += result.mismatches
    }
    this.#replayed = { ticks, mismatches }
  }

  get counts(): PlayCounts {
    const { all } = this.matches
    const sum = (of: (match: Match) => number): number => all.reduce((total, match) => total + of(match), 0)
    const inputs = { accepted: 0, lost: 0, twice: 0 }
    for (const player of this.players) {
      const { room, presses } = player
      if (room === undefined || player.wasSetBack) continue
      const own = [...room.debug.server.player].find(({ owner }) => owner === room.seat)
      const fires = own?.fires ?? 0
      const most = presses - room.stats.droppedPresses
      inputs.accepted += fires
      inputs.lost += Math.max(0, most - this.#refused(player) - fires)
      inputs.twice += Math.max(0, fires - most)
    }
    return {
      playedRooms: this.rooms.length,
      matches: all.length,
      matchesLost: all.filter(({ over }) => over === 'lost').length,
      ticksHeld: this.#replayed?.ticks ?? 0,
      inputsAccepted: inputs.accepted,
      inputsLost: inputs.lost,
      inputsTwice: inputs.twice,
      hashMismatches: this.#replayed?.mismatches ?? 0,
      failovers: sum(({ continued }) => continued.failover),
      effects: sum(({ effects }) => effects),
      effectsRepeated: sum(({ effectsTwice }) => effectsTwice),
      setBacks: sum(({ setBacks }) => setBacks),
      moves: sum(({ continued }) => continued.move),
      movesReturned: sum(({ continued }) => continued.return),
      movesNotDone: this.moves.refused + this.moves.aborted + this.moves.unknown,
      joins: this.players.reduce((total, { joins }) => total + joins, 0),
      reconnects: this.players.reduce((total, { reconnects }) => total + reconnects, 0),
    }
  }
}
