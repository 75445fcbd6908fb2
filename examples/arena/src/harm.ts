/** Who is hurt by what, who dies of it, and who scores. Called by the rules, for the commands that shots and rockets give. */
import type { Player, Room } from '@tickmesh/server'
import { hypot, type Seat, type ViewOf } from '@tickmesh/shared'
import type { ArenaShape } from './game.ts'
import { type Place, seesPlace } from './map.ts'
import { player, rocket } from './tuning.ts'

export type ArenaRoom = Room<ArenaShape>
export type ArenaPlayer = Player<ArenaShape>
type FighterView = ViewOf<ArenaShape, 'player'>
interface Harm {
  readonly by: Seat
  readonly amount: number
  readonly weapon: 'rifle' | 'rocket'
  /** Where it came from. */
  readonly x: number
  readonly y: number
}

export function hurt(room: ArenaRoom, target: FighterView, harm: Harm): void {
  if (target.shield > 0 || target.hp === 0) return
  const { by, x, y } = harm
  const amount = Math.min(harm.amount, target.hp)
  target.hp -= amount
  room.emit('hurt', { target: target.id, victim: target.owner, by, amount, x, y })
  if (target.hp === 0) die(room, target, harm)
}

function die(room: ArenaRoom, target: FighterView, { by, weapon }: Harm): void {
  const victim = room.players.get(target.owner)
  const killer = room.players.get(by)
  room.emit('kill', { killer: by, victim: target.owner, weapon, x: target.x, y: target.y })
  const { debug } = target
  room.despawn(target)
  if (killer !== undefined && killer !== victim) killer.setAttributes({ kills: killer.attributes.kills + 1 })
  if (victim === undefined) return
  victim.setAttributes({ deaths: victim.attributes.deaths + 1 })
  room.schedule('respawn', player.respawnMs, { seat: victim.seat, id: victim.id, debug })
}

/** A rocket went off: hurts whoever is near and not behind a wall, the nearer the more. */
export function blast(room: ArenaRoom, { by, x, y }: Place & { readonly by: Seat }): void {
  for (const target of [...room.world.player]) {
    const distance = hypot(target.x - x, target.y - y) - player.radius
    if (distance > rocket.blastRadius || !seesPlace(x, y, target.x, target.y)) continue
    const near = 1 - Math.max(0, distance) / rocket.blastRadius
    const full = rocket.edgeDamage + (rocket.damage - rocket.edgeDamage) * near
    const amount = Math.round(target.owner === by ? full * rocket.ownShare : full)
    hurt(room, target, { by, amount, weapon: 'rocket', x, y })
  }
}
