/**
 * One match on this page, from joining to its end: feeds the player's devices into the room, and the room's frames, events and attributes
 * into the scene and the panels. The only file of the page that knows the SDK.
 */
import { type EventInfo, join, type Room } from '@tickmesh/client'
import type { CloseReason, LobbyPlace, Seat } from '@tickmesh/shared'
import type { ArenaEvents, ArenaView, FighterView, PressName } from '../arena-room.ts'
import { type ArenaShape, arena } from '../game.ts'
import { MUZZLE, player } from '../tuning.ts'
import type { Boards, Score } from './boards.ts'
import type { Controls } from './controls.ts'
import type { Profile } from './fighters.ts'
import type { Hud } from './hud.ts'
import { linkAsked } from './link-asked.ts'
import type { Minimap } from './minimap.ts'
import type { NetLine } from './net-line.ts'
import type { NetPanel } from './net-panel.ts'
import type { Notice } from './notice.ts'
import { palette, playerColor } from './palette.ts'
import type { Stage } from './scene.ts'
import type { TouchControls } from './touch.ts'

export interface MatchParts {
  readonly stage: Stage
  readonly hud: Hud
  readonly boards: Boards
  readonly net: NetLine
  readonly netPanel: NetPanel
  readonly minimap: Minimap
  readonly controls: Controls
  readonly touch: TouchControls
  readonly notice: Notice
}

const nobody: Profile = { name: '', color: 0 }

/** A fighter as a frame drew it. */
interface Shown {
  readonly id: number
  readonly seat: Seat
  readonly name: string
  readonly x: number
  readonly y: number
  readonly hp: number
}

/** What one player's own hands want; read once per tick, and once per frame for drawing. */
interface Hands {
  readonly move: { readonly x: number; readonly y: number }
  readonly aim: number
  readonly trigger: boolean
}

export class Match {
  readonly room: Room<ArenaShape>
  /** Resolves when the room is gone, with the reason. */
  readonly ended: Promise<CloseReason>
  /** The own fighter as it was drawn last; undefined while dead. */
  own: FighterView | undefined
  private shown: readonly Shown[] = []
  private readonly parts: MatchParts
  private aim = 0
  private lastMs = 0
  private killedAt = 0
  private killedBy = ''

  /** Joins a room. Rejects with the SDK's NetError. */
  static async join(parts: MatchParts, place: string | LobbyPlace, name: string): Promise<Match> {
    const hands = { read: (): Hands => ({ move: { x: 0, y: 0 }, aim: 0, trigger: false }) }
    const { wrapLink } = parts.netPanel.network
    const options = {
      sample: () => hands.read(),
      options: { name },
      wrapLink,
      link: linkAsked(window.location.search),
      resumeAfterReload: true,
    }
    const room = await (typeof place === 'string' ? join(arena, place, options) : join(arena, place, options))
    const match = new Match(room, parts)
    hands.read = () => match.hands()
    return match
  }

  private constructor(room: Room<ArenaShape>, parts: MatchParts) {
    this.room = room
    this.parts = parts
    this.ended = new Promise((resolve) => room.onClose(resolve))
    room.onFrame((view, frame) => this.frame(view, frame.nowMs))
    room.onAttributes(() => this.showScores())
    room.onStall((stall) => parts.notice.stall(stall, arena.tickRate))
    room.onConnection((state) => parts.notice.connection(state))
    this.listenToEvents()
    room.onMessage('rewound', ({ tick, target, x, y, hit }) =>
      parts.stage.debug.judged(tick, { id: target, x, y, hit }, this.lastMs),
    )
    const press = (what: PressName) => {
      this.hands()
      room.press(what)
    }
    parts.controls.listen({
      press,
      scores: (open) => parts.boards.setOpen(open),
      toggleDebug: () => this.setDebug(!parts.stage.debug.on),
    })
    parts.touch.listen(press)
    if (parts.stage.debug.on) room.send('debug', { on: true })
    this.showScores()
    parts.netPanel.watch(room)
    void this.ended.then(() => {
      parts.netPanel.stop()
      parts.notice.hide()
      parts.controls.listen(undefined)
      parts.touch.listen(undefined)
      parts.boards.setOpen(false)
      parts.stage.endMatch()
    })
  }

  /** What the newest frame drew. */
  fighters(): readonly object[] {
    return this.shown
  }

  /** Everybody's score. */
  scores(): Score[] {
    return [...this.room.players.values()].map(({ seat, attributes }) => ({ seat, ...attributes }))
  }

  /** Turns the debug view on or off, here and on the server. */
  setDebug(on: boolean): void {
    this.parts.stage.debug.on = on
    document.body.classList.toggle('debugging', on)
    this.room.send('debug', { on })
  }

  private profile = (seat: Seat): Profile => this.room.players.get(seat)?.attributes ?? nobody

  private colorOf(seat: Seat): number {
    return playerColor(this.profile(seat).color)
  }

  private score(seat: Seat): Score | undefined {
    const known = this.room.players.get(seat)
    return known === undefined ? undefined : { seat, ...known.attributes }
  }

  private showScores(): void {
    this.parts.boards.showScores(this.scores(), this.room.seat)
  }

  private hands(): Hands {
    const { controls, touch, stage } = this.parts
    const { own } = this
    if (touch.isUsed) {
      const trigger = touch.poll()
      this.aim = touch.aim ?? this.aim
      return { move: touch.move(), aim: this.aim, trigger }
    }
    if (own !== undefined) {
      const at = stage.view.toWorld(...this.pointer())
      this.aim = Math.atan2(at.y - own.y, at.x - own.x)
    }
    return { move: controls.move(), aim: this.aim, trigger: controls.trigger }
  }

  /** The mouse's distance from the middle of the screen, in device pixels. */
  private pointer(): [number, number] {
    const { touch, controls, stage } = this.parts
    if (touch.isUsed) {
      const lead = touch.aim === undefined ? 0 : 260 * stage.view.zoom
      return [Math.cos(this.aim) * lead, Math.sin(this.aim) * lead]
    }
    const ratio = Math.min(2, window.devicePixelRatio || 1)
    return [(controls.pointer.x - window.innerWidth / 2) * ratio, (controls.pointer.y - window.innerHeight / 2) * ratio]
  }

  private frame(view: ArenaView, nowMs: number): void {
    const { stage, hud, net, minimap, controls, touch } = this.parts
    const { room } = this
    const dtMs = this.lastMs === 0 ? 16 : Math.min(100, nowMs - this.lastMs)
    this.lastMs = nowMs
    this.own = [...view.player].find(({ owner }) => owner === room.seat)
    this.hands()
    const [pointerX, pointerY] = this.pointer()
    const server = stage.debug.on ? room.debug.server : undefined
    stage.render({
      view,
      nowMs,
      dtMs,
      own: room.seat,
      aim: this.aim,
      pointerX,
      pointerY,
      profile: this.profile,
      server,
    })
    this.shown = [...view.player].map(({ id, owner, x, y, hp }) => ({
      id,
      seat: owner,
      name: this.profile(owner).name,
      x,
      y,
      hp,
    }))
    hud.update(this.own)
    if (this.own !== undefined) hud.standAt(stage.view.toPage(this.own.x, this.own.y))
    hud.aimAt(touch.isUsed ? undefined : controls.pointer)
    if (this.own === undefined)
      hud.showRespawn(this.killedBy, Math.max(0, player.respawnMs - (nowMs - this.killedAt)) / 1000)
    minimap.draw(view, room.seat, this.aim, this.profile, nowMs)
    const { stats } = room
    net.frame(stats, nowMs)
  }

  private listenToEvents(): void {
    const { room } = this
    const { effects, fighters, view } = this.parts.stage
    room.onEvent('shot', (shot, info) => this.shot(shot, info))
    room.onEvent('launch', ({ by, x, y }) => {
      fighters.shot(by)
      effects.impact(x, y, palette.fire, false)
      if (by === this.own?.id) view.shake(0.18)
    })
    room.onEvent('dash', ({ by, x, y, angle }) => {
      const dasher = this.ownerOf(by)
      effects.dash(x, y, angle, this.colorOf(dasher))
    })
    room.onEvent('explosion', ({ x, y }) => {
      effects.explosion(x, y)
      const distance = this.own === undefined ? 600 : Math.hypot(this.own.x - x, this.own.y - y)
      view.shake(Math.max(0, 0.75 - distance / 620))
    })
    room.onEvent('heal', ({ x, y }) => effects.heal(x, y))
    room.onEvent('hurt', (hurt) => this.hurt(hurt))
    room.onEvent('kill', (kill) => this.killed(kill))
  }

  private ownerOf(id: number): Seat {
    return this.room.debug.server.player.get(id)?.owner ?? 0
  }

  private shot({ by, x, y, hit }: ArenaEvents['shot'], { own, tick }: EventInfo): void {
    const { effects, fighters, debug, view } = this.parts.stage
    const shooter = fighters.at(by)
    fighters.shot(by)
    if (own) {
      view.shake(0.07)
      debug.shot(
        tick,
        this.shown.filter(({ seat }) => seat !== this.room.seat),
      )
    }
    if (shooter !== undefined) {
      const aim = Math.atan2(y - shooter.y, x - shooter.x)
      effects.tracer(shooter.x + Math.cos(aim) * MUZZLE, shooter.y + Math.sin(aim) * MUZZLE, x, y, palette.tracer)
    }
    effects.impact(x, y, hit ? palette.danger : palette.tracer, hit)
  }

  private hurt({ target, victim, by, amount, x, y }: ArenaEvents['hurt']): void {
    const { stage, hud } = this.parts
    stage.fighters.hurt(target)
    const at = stage.fighters.at(target)
    if (victim === this.room.seat) {
      stage.view.shake(0.22)
      const away = at === undefined ? 0 : Math.hypot(x - at.x, y - at.y)
      hud.hurtFrom(at === undefined || away < 1 ? undefined : Math.atan2(y - at.y, x - at.x))
    } else if (by === this.room.seat) {
      hud.confirmHit(false)
      if (at !== undefined) stage.effects.damage(at.x, at.y, amount, stage.view.zoom)
    }
  }

  private killed({ killer, victim, weapon, x, y }: ArenaEvents['kill']): void {
    const { stage, hud, boards } = this.parts
    const { seat } = this.room
    stage.effects.death(x, y, this.colorOf(victim))
    boards.killed(this.score(killer), this.score(victim), weapon, killer === seat || victim === seat)
    if (victim === seat) {
      this.killedAt = this.lastMs
      this.killedBy = killer === seat || killer === 0 ? 'You blew yourself up' : `${this.profile(killer).name} got you`
      stage.view.shake(0.6)
    } else if (killer === seat) hud.confirmHit(true)
  }
}
