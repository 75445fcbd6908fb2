/**
 * What a bot decides, from what its screen shows: roams around walls, strafes when it sees somebody, aims with a hand that shakes and a reaction
 * time, shoots in bursts, fires rockets now and then, dashes when hit, looks for health. Pure but for the random source that it is given.
 */
import type { ArenaView, FighterView, PressName } from '../arena-room.ts'
import { type Place, pickupPlaces, seesPlace, spawnPlaces } from '../map.ts'
import { rifle, rocket } from '../tuning.ts'
import type { Paths } from './paths.ts'

const SIGHT = 760
const REACTION_MS = 320
const TURN_PER_SECOND = 7
const AIM_ERROR = 0.17
const HURT_HP = 45

export interface Intent {
  readonly move: Place
  readonly aim: number
  readonly trigger: boolean
  readonly presses: readonly PressName[]
}

const idle: Place = { x: 0, y: 0 }

export class Brain {
  private readonly paths: Paths
  private readonly random: () => number
  private aim = 0
  private error = 0
  private errorWish = 0
  private way: Place[] = []
  private wayStep = 0
  private wayUntil = 0
  private strafe = 1
  private strafeUntil = 0
  private burstUntil = 0
  private restUntil = 0
  private rocketAt = 0
  private target = 0
  private targetSince = 0
  private lastHp = 100

  constructor(paths: Paths, random: () => number) {
    this.paths = paths
    this.random = random
    this.strafe = random() < 0.5 ? -1 : 1
  }

  /** Called a few times a second to every tick; `dtMs` is the time since the last call. */
  think(view: ArenaView, seat: number, nowMs: number, dtMs: number): Intent {
    const own = [...view.player].find(({ owner }) => owner === seat)
    if (own === undefined) {
      this.way = []
      this.lastHp = 100
      return { move: idle, aim: this.aim, trigger: false, presses: [] }
    }
    const presses: PressName[] = []
    const wasHit = own.hp < this.lastHp
    this.lastHp = own.hp
    const enemy = this.chooseEnemy(view, own, nowMs)
    const move = enemy === undefined || own.hp < HURT_HP ? this.roam(view, own, nowMs) : this.fight(own, enemy, nowMs)
    if (own.dashWait === 0 && this.random() < (wasHit ? 0.35 : 0.0012)) presses.push('dash')
    if (enemy === undefined && own.ammo < 9 && own.reloading === 0) presses.push('reload')
    const wish = enemy === undefined ? Math.atan2(own.vy, own.vx) : this.aimAt(own, enemy)
    this.turn(enemy === undefined && own.vx === 0 && own.vy === 0 ? this.aim : wish, dtMs)
    const trigger = enemy !== undefined && this.shoots(own, enemy, nowMs, presses)
    return { move, aim: this.aim, trigger, presses }
  }

  /** The nearest fighter in sight. */
  private chooseEnemy(view: ArenaView, own: FighterView, nowMs: number): FighterView | undefined {
    let nearest: FighterView | undefined
    let nearestDistance = SIGHT
    for (const other of view.player) {
      if (other.id === own.id || other.shield > 0) continue
      const bonus = other.id === this.target ? 120 : 0
      const distance = Math.hypot(other.x - own.x, other.y - own.y) - bonus
      if (distance >= nearestDistance || !seesPlace(own.x, own.y, other.x, other.y)) continue
      nearest = other
      nearestDistance = distance
    }
    const id = nearest?.id ?? 0
    if (id !== this.target) {
      this.target = id
      this.targetSince = nowMs
    }
    return nearest
  }

  /** Circles the enemy at a comfortable distance. */
  private fight(own: FighterView, enemy: FighterView, nowMs: number): Place {
    if (nowMs > this.strafeUntil) {
      this.strafeUntil = nowMs + 350 + this.random() * 900
      this.strafe = -this.strafe
    }
    const dx = enemy.x - own.x
    const dy = enemy.y - own.y
    const distance = Math.hypot(dx, dy) || 1
    const closer = distance > 420 ? 0.8 : distance < 230 ? -0.7 : 0.1
    this.way = []
    return unit(
      (dx / distance) * closer - (dy / distance) * this.strafe,
      (dy / distance) * closer + (dx / distance) * this.strafe,
    )
  }

  /** Goes somewhere: to health when hurt, else anywhere. */
  private roam(view: ArenaView, own: FighterView, nowMs: number): Place {
    const step = this.way[this.wayStep]
    if (step === undefined || nowMs > this.wayUntil) {
      this.way = this.paths.find(own, this.chooseGoal(view, own))
      this.wayStep = 0
      this.wayUntil = nowMs + 6000
      return idle
    }
    this.wayStep = this.paths.shortCut(own, this.way, this.wayStep)
    const next = this.way[this.wayStep] ?? step
    const dx = next.x - own.x
    const dy = next.y - own.y
    if (dx * dx + dy * dy < 26 * 26) this.wayStep++
    return unit(dx, dy)
  }

  private chooseGoal(view: ArenaView, own: FighterView): Place {
    if (own.hp < HURT_HP) {
      const ready = [...view.pickup].filter((pickup) => pickup.ready).map(({ x, y }) => ({ x, y }))
      const byDistance = (a: Place, b: Place) =>
        Math.hypot(a.x - own.x, a.y - own.y) - Math.hypot(b.x - own.x, b.y - own.y)
      const nearest = ready.sort(byDistance)[0]
      if (nearest !== undefined) return nearest
    }
    const goals = [...spawnPlaces, ...pickupPlaces]
    return goals[Math.floor(this.random() * goals.length)] ?? idle
  }

  private aimAt(own: FighterView, enemy: FighterView): number {
    return Math.atan2(enemy.y - own.y, enemy.x - own.x)
  }

  /** Turns towards a direction no faster than a hand does, and shakes. */
  private turn(wish: number, dtMs: number): void {
    const dt = dtMs / 1000
    if (this.random() < dt * 2.5) this.errorWish = (this.random() * 2 - 1) * AIM_ERROR
    this.error += (this.errorWish - this.error) * Math.min(1, dt * 5)
    const delta = turnTo(this.aim, wish + this.error)
    this.aim += Math.max(-TURN_PER_SECOND * dt, Math.min(TURN_PER_SECOND * dt, delta))
  }

  private shoots(own: FighterView, enemy: FighterView, nowMs: number, presses: PressName[]): boolean {
    const off = Math.abs(turnTo(this.aim, this.aimAt(own, enemy)))
    if (off > 0.22 || nowMs - this.targetSince < REACTION_MS) return false
    const distance = Math.hypot(enemy.x - own.x, enemy.y - own.y)
    if (nowMs > this.rocketAt && own.rocketWait === 0 && distance > rocket.blastRadius + 50 && distance < 620) {
      if (this.rocketAt !== 0) presses.push('altFire')
      this.rocketAt = nowMs + 2200 + this.random() * 4500
    }
    if (nowMs > this.burstUntil && nowMs > this.restUntil) {
      this.burstUntil = nowMs + 350 + this.random() * 700
      this.restUntil = this.burstUntil + 250 + this.random() * 650
    }
    return nowMs < this.burstUntil && distance < rifle.range
  }
}

/** From one direction to another the short way. */
function turnTo(from: number, to: number): number {
  const delta = (to - from) % (2 * Math.PI)
  return delta > Math.PI ? delta - 2 * Math.PI : delta < -Math.PI ? delta + 2 * Math.PI : delta
}

function unit(x: number, y: number): Place {
  const length = Math.hypot(x, y)
  return length < 1e-6 ? idle : { x: x / length, y: y / length }
}
