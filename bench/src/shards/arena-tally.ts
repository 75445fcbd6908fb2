/**
 * The arena, with a count of what came of each player's messages, so that a bench can tell whether one was lost or applied twice: a player's attribute `color` grows by
 * ONE_MESSAGE with each. Attributes outlive their shard, as all else of a match does.
 */
import type { Room, Rules } from '@tickmesh/server'
import { type CompiledGame, SEAT_LEVELS, type Shape } from '@tickmesh/shared'
import type { SeatTally } from './messages.ts'

/** More than there are colours. */
const ONE_MESSAGE = 1_000

interface Speaker {
  readonly attributes: { readonly color: number }
  setAttributes(patch: { readonly color: number }): void
}

export interface Heard {
  created(room: string): void
  restored(room: string, tick: number): void
}

export function tallied(rules: Rules<Shape>, heard: Heard): Rules<Shape> {
  return {
    ...rules,
    onCreate(room) {
      heard.created(room.id)
      return rules.onCreate?.(room)
    },
    onRestore(room) {
      heard.restored(room.id, room.tick)
      rules.onRestore?.(room)
    },
    messages: {
      debug(_room: unknown, who: Speaker) {
        who.setAttributes({ color: who.attributes.color + ONE_MESSAGE })
      },
    } as unknown as NonNullable<Rules<Shape>['messages']>,
  }
}

/** What a room's world holds of its players now. */
export function seatTallies(game: CompiledGame, room: Room<Shape>): SeatTally[] {
  const { seatBase, seatRows, levels, presses } = game
  const [table] = Object.values(room.world) as unknown as readonly { viewAt(row: number): { ints: Int32Array } }[]
  const ints = table?.viewAt(0).ints
  return [...room.players.values()].map(({ seat, attributes, stats }) => {
    let pressed = 0
    for (let press = 0; press < presses.length; press++)
      pressed += ints?.[seatBase + (SEAT_LEVELS + levels.length + press) * seatRows + seat] ?? 0
    const { color } = attributes as { readonly color: number }
    return {
      ...{ room: room.id, seat, presses: pressed, refused: stats.refusedPresses },
      messages: Math.floor(color / ONE_MESSAGE),
    }
  })
}
