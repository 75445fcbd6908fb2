/**
 * `window.__arena`: what browser tests and the curious may read. Nothing here changes the match, but for `aimAt`, which moves the mouse.
 *
 *     __arena.state            'menu' | 'joining' | 'playing' | 'lost'
 *     __arena.room             the SDK's room, or undefined
 *     __arena.own()            { id, x, y, hp, ... } of the own fighter, or undefined while dead
 *     __arena.fighters()       what the newest frame drew: [{ seat, id, name, x, y, hp }]
 *     __arena.scores()         [{ seat, name, kills, deaths, bot }]
 *     __arena.aimAt(x, y)      puts the mouse over a place of the world
 */
import type { Controls } from './controls.ts'
import type { Match } from './match.ts'
import type { Stage } from './scene.ts'

export class ArenaHooks {
  state: 'menu' | 'joining' | 'playing' | 'lost' = 'menu'
  match: Match | undefined
  private readonly stage: Stage
  private readonly controls: Controls

  constructor(stage: Stage, controls: Controls) {
    this.stage = stage
    this.controls = controls
    Object.assign(window, { __arena: this })
  }

  get room(): Match['room'] | undefined {
    return this.match?.room
  }

  own(): object | undefined {
    const own = this.match?.own
    if (own === undefined) return undefined
    const { id, x, y, hp, ammo } = own
    return { id, x, y, hp, ammo }
  }

  fighters(): object[] {
    return this.match?.fighters() ?? []
  }

  scores(): object[] {
    return this.match?.scores() ?? []
  }

  aimAt(x: number, y: number): void {
    const { x: left, y: top } = this.stage.view.toScreen(x, y)
    const ratio = Math.min(2, window.devicePixelRatio || 1)
    this.controls.pointer = { x: left / ratio + window.innerWidth / 2, y: top / ratio + window.innerHeight / 2 }
  }
}
