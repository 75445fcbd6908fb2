/**
 * The match as a spectator sees it, a while after the players: a free camera, or one over a player (Tab goes to the next, Shift+Tab back, WASD or the
 * mouse free it). Made by the page when its address says `?spectate=10`, seconds.
 */
import { type Room, spectate } from '@tickmesh/client'
import type { CloseReason, Seat } from '@tickmesh/shared'
import type { ArenaView } from '../arena-room.ts'
import { type ArenaShape, arena } from '../game.ts'
import type { Score } from '../page/boards.ts'
import { element, setText } from '../page/dom.ts'
import type { Profile } from '../page/fighters.ts'
import { linkAsked } from '../page/link-asked.ts'
import type { MatchParts } from '../page/match.ts'
import { FreeCamera } from '../replay/free-camera.ts'
import { type ArenaEvent, showEvent } from '../replay/show-event.ts'

const EVENTS = ['shot', 'launch', 'dash', 'explosion', 'heal', 'hurt', 'kill'] as const
/** What the page asks for at most; the server has a bound of its own, and says it. */
const MOST_SECONDS = 86_400
const nobody: Profile = { name: '', color: 0 }

/** The delay that the page's address asks for, in ms; undefined: to play. */
export function delayAsked(search: string): number | undefined {
  const text = new URLSearchParams(search).get('spectate')
  if (text === null) return undefined
  const seconds = text === '' ? 0 : Number(text)
  return Number.isFinite(seconds) && seconds >= 0 ? Math.min(seconds, MOST_SECONDS) * 1000 : 0
}

/** What is over the scene, and where the camera stands: over all matches that this page watches. */
export class Seats {
  readonly root = element('div', 'spectating')
  readonly camera: FreeCamera
  private readonly whom = element('b', '')

  constructor(parts: MatchParts, surface: HTMLElement, delayMs: number) {
    this.camera = new FreeCamera(parts.stage.view, surface, () => {})
    const late = delayMs === 0 ? 'live' : `${delayMs / 1000} s behind`
    this.root.append(element('strong', '', 'SPECTATING'), `, ${late}`, this.whom, element('kbd', '', 'Tab'))
    document.body.classList.add('spectator')
  }

  show(name: string): void {
    setText(this.whom, name === '' ? 'free camera' : name)
  }
}

export class Spectating {
  readonly room: Room<ArenaShape>
  /** Resolves when the match is over, the delay later, or the connection ended. */
  readonly ended: Promise<CloseReason>
  private readonly parts: MatchParts
  private readonly seats: Seats
  private view: ArenaView | undefined
  private lastMs = 0
  private shownSeat = -1

  /** Resolves when there is something to see: a match that is younger than the delay is waited for. Rejects with the SDK's NetError. */
  static async watch(parts: MatchParts, seats: Seats, url: string, delayMs: number): Promise<Spectating> {
    const { wrapLink } = parts.netPanel.network
    return new Spectating(
      await spectate(arena, url, { delayMs, wrapLink, link: linkAsked(window.location.search) }),
      parts,
      seats,
    )
  }

  private constructor(room: Room<ArenaShape>, parts: MatchParts, seats: Seats) {
    this.room = room
    this.parts = parts
    this.seats = seats
    this.ended = new Promise((resolve) => room.onClose(resolve))
    room.onFrame((view, { nowMs }) => this.frame(view, nowMs))
    room.onAttributes(() => this.showWhom())
    room.onStall((stall) => parts.notice.stall(stall, arena.tickRate))
    room.onConnection((state) => parts.notice.connection(state))
    for (const name of EVENTS) room.onEvent(name, (values) => this.show({ name, values } as ArenaEvent))
    const onKey = (event: KeyboardEvent) => this.keyDown(event)
    window.addEventListener('keydown', onKey)
    parts.netPanel.watch(room)
    void this.ended.then(() => {
      window.removeEventListener('keydown', onKey)
      parts.netPanel.stop()
      parts.notice.hide()
      parts.stage.endMatch()
    })
  }

  /** The seat over which the camera is; 0: it is free. */
  get following(): Seat {
    return this.seats.camera.following
  }

  private frame(view: ArenaView, nowMs: number): void {
    const { stage, minimap, net } = this.parts
    const { camera } = this.seats
    const dtMs = this.lastMs === 0 ? 16 : Math.min(100, nowMs - this.lastMs)
    this.lastMs = nowMs
    this.view = view
    const target = [...view.player].find(({ owner }) => owner === camera.following)
    camera.update(dtMs / 1000, target)
    const still = { own: 0, aim: 0, pointerX: 0, pointerY: 0, server: undefined }
    stage.render({ view, nowMs, dtMs, profile: this.profile, ...still })
    minimap.draw(view, camera.following, target?.aim ?? 0, this.profile, nowMs)
    net.frame(this.room.stats, nowMs)
    if (camera.following === this.shownSeat) return
    this.shownSeat = camera.following
    this.showWhom()
  }

  private showWhom(): void {
    this.parts.boards.showScores(this.scores(), this.following)
    this.seats.show(this.profile(this.following).name)
  }

  private scores(): Score[] {
    return [...this.room.players.values()].map(({ seat, attributes }) => ({ seat, ...attributes }))
  }

  private profile = (seat: Seat): Profile => this.room.players.get(seat)?.attributes ?? nobody

  private show(event: ArenaEvent): void {
    const ownerOf = (id: number) => this.view?.player.get(id)?.owner ?? 0
    showEvent(this.parts.stage, { profile: this.profile, ownerOf }, event)
    if (event.name !== 'kill') return
    const { killer, victim, weapon } = event.values
    const [by, dead] = [killer, victim].map((seat) => this.scores().find((score) => score.seat === seat))
    this.parts.boards.killed(by, dead, weapon, this.following !== 0 && [killer, victim].includes(this.following))
  }

  private keyDown(event: KeyboardEvent): void {
    if (event.code !== 'Tab') return
    event.preventDefault()
    const { camera } = this.seats
    const seats = [0, ...[...this.room.players.keys()].sort((a, b) => a - b)]
    const at = Math.max(0, seats.indexOf(camera.following)) + (event.shiftKey ? -1 : 1)
    camera.following = seats.at(at % seats.length) ?? 0
  }
}
