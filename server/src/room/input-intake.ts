/**
 * Takes input messages of players into their buffers, and what these say of the connection. One per room. Hot; allocates nothing.
 */
import { type CompiledGame, createInputHead, type InputMessageHead } from '@tickmesh/shared'
import { INPUT_IGNORED } from './plausibility.ts'
import type { PlayerCore } from './player-core.ts'
import type { Replication } from './replication.ts'
import type { WireTools } from './wire-tools.ts'

export interface IntakeRoom {
  readonly game: CompiledGame
  readonly replication: Replication
  readonly tickNumber: number
  /** True once an input came that could be used. */
  played: boolean
  dueMs(tick: number): number
}

export class InputIntake {
  private readonly room: IntakeRoom
  private readonly tools: WireTools
  private readonly head: InputMessageHead

  constructor(room: IntakeRoom, tools: WireTools) {
    this.room = room
    this.tools = tools
    this.head = createInputHead(room.game)
  }

  /** A message that came at `player.heardAtMs`. False: malformed. */
  receive(player: PlayerCore, bytes: Uint8Array): boolean {
    const { head, tools, room } = this
    const { ring } = player.inputs
    const newestBefore = ring.newestTick
    const result = tools.inputCodec.decode(tools.reader.start(bytes, 1), head, ring, room.tickNumber)
    if (result === 'malformed') return false
    player.heard(head)
    if (head.needsFull) room.replication.requestFull(player, player.heardAtMs)
    room.replication.suspect(player, head.suspectTypes)
    if (result === 'far') player.plausibility.note(INPUT_IGNORED, 1, Math.max(0, head.newestTick - room.tickNumber))
    else {
      player.played = true
      room.played = true
      if (!player.link.ordered)
        player.path.onInputMessage(player.heardAtMs, newestBefore < 0 ? 1 : head.newestTick - newestBefore)
      player.inputs.marginMs = room.dueMs(head.newestTick) - player.heardAtMs
      player.inputs.arrived(head, newestBefore)
    }
    return true
  }
}
