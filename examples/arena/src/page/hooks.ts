/**
 * `window.__arena`: what browser tests and the curious may read. Nothing here changes the match.
 *
 *     __arena.state            'menu' | 'lobby' | 'joining' | 'playing' | 'watching' | 'lost'
 *     __arena.room             the SDK's room, or undefined
 *     __arena.own()            { id, x, y, hp, ... } of the own fighter, or undefined while dead
 *     __arena.fighters()       what the newest frame drew: [{ seat, id, name, x, y, hp }]
 *     __arena.scores()         [{ seat, name, kills, deaths, bot }]
 *     __arena.screenOf(x, y)   the point of the page, in CSS pixels, over a place of the world: move the mouse there to aim at it
 *     __arena.lastShot()       with the debug view on: { drawn, rewound }, where our screen had the others at our newest judged shot,
 *                              and where the server judged them to be: [{ id, x, y }]
 */
import type { Spectating } from '../spectate/spectating.ts'
import type { Match } from './match.ts'
import type { Stage } from './scene.ts'

export class ArenaHooks {
  state: 'menu' | 'lobby' | 'joining' | 'playing' | 'watching' | 'lost' = 'menu'
  match: Match | undefined
  watched: Spectating | undefined
  private readonly stage: Stage

  constructor(stage: Stage) {
    this.stage = stage
    Object.assign(window, { __arena: this })
  }

  get room(): Match['room'] | undefined {
    return (this.match ?? this.watched)?.room
  }

  own(): object | undefined {
    const own = this.match?.own
    if (own === undefined) return undefined
    const { id, x, y, hp, ammo } = own
    return { id, x, y, hp, ammo }
  }

  fighters(): readonly object[] {
    return this.match?.fighters() ?? []
  }

  scores(): readonly object[] {
    return this.match?.scores() ?? []
  }

  screenOf(x: number, y: number): { readonly x: number; readonly y: number } {
    return this.stage.view.toPage(x, y)
  }

  lastShot(): object | undefined {
    return this.stage.debug.lastShot
  }
}
