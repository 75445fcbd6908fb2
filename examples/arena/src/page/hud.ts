/**
 * What a player needs to know of itself: health, ammunition, dash and rocket, where a hit came from, hit markers, the respawn count.
 * Plain elements over the canvas, so they are crisp at every size. The match calls `update` once per frame.
 */
import type { FighterView } from '../arena-room.ts'
import { dash, player, rifle, rocket } from '../tuning.ts'
import { element, setText } from './dom.ts'

const LOW_HP = 35

const legendLines = [
  ['server', 'the server, now'],
  ['rewound', 'your last shot, as judged'],
  ['drawn', 'your last shot, as drawn'],
] as const

class Chip {
  readonly root: HTMLElement
  private readonly fill = element('i', 'chip-fill')

  constructor(key: string, label: string) {
    this.root = element('div', 'chip', this.fill, element('kbd', '', key), element('span', '', label))
  }

  /** `ready` from 0 to 1. */
  show(ready: number): void {
    this.fill.style.transform = `scaleX(${ready})`
    this.root.classList.toggle('ready', ready >= 1)
  }
}

export class Hud {
  readonly root: HTMLElement
  private readonly hpFill = element('i', 'bar-fill')
  private readonly hpText = element('b', 'hp-text')
  private readonly hp = element('div', 'bar', this.hpFill, this.hpText)
  private readonly dash = new Chip('Space', 'Dash')
  private readonly rocket = new Chip('RMB', 'Rocket')
  private readonly ammo = element('b', 'ammo-count')
  private readonly ammoMore = element('span', 'ammo-more')
  private readonly reload = element('i', 'reload-fill')
  private readonly crosshair = element(
    'div',
    'crosshair',
    element('i', ''),
    element('i', ''),
    element('i', ''),
    element('i', ''),
  )
  private readonly marker = element('div', 'marker', element('i', ''), element('i', ''))
  private readonly vignette = element('div', 'vignette')
  private readonly respawn = element('div', 'respawn')
  private readonly respawnBy = element('div', 'respawn-by')
  private readonly respawnIn = element('div', 'respawn-in')
  private readonly hits = element('div', 'hits')

  constructor() {
    const left = element('div', 'vitals', this.hp, element('div', 'chips', this.dash.root, this.rocket.root))
    const right = element(
      'div',
      'ammo',
      element('div', '', this.ammo, this.ammoMore),
      element('div', 'reload', this.reload),
    )
    this.respawn.append(this.respawnBy, this.respawnIn)
    const legend = element('div', 'legend', ...legendLines.map(([name, what]) => element('div', name, what)))
    this.root = element(
      'div',
      'hud',
      legend,
      this.vignette,
      this.hits,
      left,
      right,
      this.respawn,
      this.crosshair,
      this.marker,
    )
  }

  update(own: FighterView | undefined): void {
    this.root.classList.toggle('dead', own === undefined)
    if (own === undefined) {
      this.hpFill.style.transform = 'scaleX(0)'
      setText(this.hpText, '')
      return
    }
    this.hpFill.style.transform = `scaleX(${own.hp / player.hp})`
    setText(this.hpText, String(own.hp))
    this.hp.classList.toggle('low', own.hp <= LOW_HP)
    this.vignette.classList.toggle('low', own.hp <= LOW_HP)
    this.dash.show(1 - own.dashWait / dash.cooldownTicks)
    this.rocket.show(1 - own.rocketWait / rocket.cooldownTicks)
    const reloading = own.reloading > 0
    setText(this.ammo, reloading ? '··' : String(own.ammo))
    setText(this.ammoMore, reloading ? 'reloading' : ` / ${rifle.magazine}`)
    this.ammo.classList.toggle('low', !reloading && own.ammo <= 6)
    this.reload.style.transform = `scaleX(${reloading ? 1 - own.reloading / rifle.reloadTicks : own.ammo / rifle.magazine})`
  }

  /** Puts the crosshair at a point of the page (CSS pixels); `undefined` hides it (touch). */
  aimAt(point: { readonly x: number; readonly y: number } | undefined): void {
    this.crosshair.hidden = point === undefined
    const at = point ?? { x: window.innerWidth / 2, y: window.innerHeight / 2 }
    this.crosshair.style.translate = `${at.x}px ${at.y}px`
    this.marker.style.translate = `${at.x}px ${at.y}px`
  }

  /** Where the own fighter stands on the page (CSS pixels): arcs that say where a hit came from lie around it. */
  standAt(point: { readonly x: number; readonly y: number }): void {
    this.hits.style.translate = `${point.x}px ${point.y}px`
  }

  /** Our shot hurt somebody. */
  confirmHit(isKill: boolean): void {
    this.marker.classList.toggle('kill', isKill)
    restartAnimation(this.marker, 'show')
  }

  /** We were hurt, from the direction `angle` (radians, 0 to the right, clockwise). */
  hurtFrom(angle: number | undefined): void {
    restartAnimation(this.vignette, 'hurt')
    if (angle === undefined) return
    const arc = element('i', 'hit-from')
    arc.style.rotate = `${angle}rad`
    arc.addEventListener('animationend', () => arc.remove())
    if (this.hits.childElementCount >= 8) this.hits.firstElementChild?.remove()
    this.hits.append(arc)
  }

  /** While we are dead. `by` is who killed us. */
  showRespawn(by: string, seconds: number): void {
    setText(this.respawnBy, by)
    setText(this.respawnIn, seconds > 0 ? `Back in ${seconds.toFixed(1)}` : 'Get ready')
  }
}

function restartAnimation(target: HTMLElement, className: string): void {
  target.classList.remove(className)
  // Reading a layout property makes the browser see the removal.
  void target.offsetWidth
  target.classList.add(className)
}
