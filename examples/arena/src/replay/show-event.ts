/** Shows an effect of a replay on the stage, as the match's page shows those of a match. Called while the tape runs forwards. */
import type { ReplayEvent } from '@tickmesh/shared'
import type { ArenaEvents } from '../arena-room.ts'
import type { Profile } from '../page/fighters.ts'
import { palette, playerColor } from '../page/palette.ts'
import type { Stage } from '../page/scene.ts'
import { MUZZLE } from '../tuning.ts'

/** An event of the arena, told apart by its name. The replay gives them so: they are of this game's schema. */
export type ArenaEvent = {
  readonly [Name in keyof ArenaEvents]: { readonly name: Name; readonly values: ArenaEvents[Name] }
}[keyof ArenaEvents]

export function arenaEvent(event: ReplayEvent): ArenaEvent {
  return event as unknown as ArenaEvent
}

export interface Cast {
  profile(seat: number): Profile
  /** The seat that owns an entity. */
  ownerOf(id: number): number
}

export function showEvent({ effects, fighters, view }: Stage, { profile, ownerOf }: Cast, event: ArenaEvent): void {
  switch (event.name) {
    case 'shot': {
      const { by, x, y, hit } = event.values
      const shooter = fighters.at(by)
      fighters.shot(by)
      effects.impact(x, y, hit ? palette.danger : palette.tracer, hit)
      if (shooter === undefined) return
      const aim = Math.atan2(y - shooter.y, x - shooter.x)
      const from = { x: shooter.x + Math.cos(aim) * MUZZLE, y: shooter.y + Math.sin(aim) * MUZZLE }
      return effects.tracer(from.x, from.y, x, y, palette.tracer)
    }
    case 'launch':
      fighters.shot(event.values.by)
      return effects.impact(event.values.x, event.values.y, palette.fire, false)
    case 'dash': {
      const { by, x, y, angle } = event.values
      return effects.dash(x, y, angle, playerColor(profile(ownerOf(by)).color))
    }
    case 'explosion':
      return effects.explosion(event.values.x, event.values.y)
    case 'heal':
      return effects.heal(event.values.x, event.values.y)
    case 'hurt': {
      const { target, amount } = event.values
      const at = fighters.at(target)
      fighters.hurt(target)
      return at && effects.damage(at.x, at.y, amount, view.zoom)
    }
    case 'kill':
      return effects.death(event.values.x, event.values.y, playerColor(profile(event.values.victim).color))
  }
}
