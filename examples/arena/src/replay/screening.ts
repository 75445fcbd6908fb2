/** One recording on the screen: the tape, the camera, the panels, once per display frame. Made by the page when a file was opened. */
import { type Journal, JournalError, type ReplayEvent } from '@tickmesh/shared'
import type { ArenaView } from '../arena-room.ts'
import type { Boards } from '../page/boards.ts'
import { element, setText } from '../page/dom.ts'
import type { Profile } from '../page/fighters.ts'
import type { Stage } from '../page/scene.ts'
import { CastList } from './cast-list.ts'
import { FreeCamera } from './free-camera.ts'
import { ranked, scoreOf } from './score-line.ts'
import { arenaEvent, showEvent } from './show-event.ts'
import { Survey } from './survey.ts'
import { Tape } from './tape.ts'
import { Transport } from './transport.ts'

export interface ScreeningParts {
  readonly stage: Stage
  readonly surface: HTMLElement
  readonly boards: Boards
}

/** Of each display frame the survey may take so much. */
const SURVEY_MS = 5
const nobody: Profile = { name: '', color: 0 }

export class Screening {
  readonly root: HTMLElement
  readonly tape: Tape
  readonly survey: Survey
  /** What the newest frame drew. */
  shown: readonly {
    readonly id: number
    readonly seat: number
    readonly name: string
    readonly x: number
    readonly y: number
    readonly hp: number
  }[] = []
  private readonly parts: ScreeningParts
  private readonly camera: FreeCamera
  private readonly transport: Transport
  private readonly cast: CastList
  private readonly status = element('div', 'status')
  private readonly isCut: boolean
  private view: ArenaView
  private lastMs = 0
  private failed = false

  constructor(journal: Journal, name: string, parts: ScreeningParts) {
    this.parts = parts
    this.tape = new Tape(journal)
    this.survey = new Survey(journal)
    this.view = this.tape.view()
    this.isCut = journal.endReason === undefined
    this.transport = new Transport(this.tape)
    this.cast = new CastList((seat) => this.follow(seat))
    this.camera = new FreeCamera(parts.stage.view, parts.surface, () => {})
    const { room, startedAt } = journal.head
    const other = element('a', '', 'another')
    other.href = window.location.pathname
    const when =
      startedAt === ''
        ? ''
        : ` · ${new Date(startedAt).toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' })}`
    const title = element('div', 'title', element('strong', '', room), when, other)
    title.title = name
    this.root = element(
      'div',
      'screening',
      element('div', 'left', title, this.cast.root, this.status),
      this.transport.root,
    )
    window.addEventListener('keydown', (event) => this.tab(event))
    window.addEventListener('keyup', (event) => this.tab(event))
  }

  /** The seat that the camera follows; 0: none. */
  get following(): number {
    return this.camera.following
  }

  follow(seat: number): void {
    this.camera.following = seat
  }

  run(): void {
    const frame = (nowMs: number) => {
      this.frame(nowMs)
      requestAnimationFrame(frame)
    }
    requestAnimationFrame(frame)
  }

  private frame(nowMs: number): void {
    const { tape, survey, parts } = this
    const dtMs = this.lastMs === 0 ? 16 : Math.min(250, nowMs - this.lastMs)
    this.lastMs = nowMs
    tape.advance(dtMs, (event) => this.show(event))
    this.view = tape.view()
    const target = [...this.view.player].find(({ owner }) => owner === this.camera.following)
    this.camera.update(dtMs / 1000, target)
    const still = { own: 0, aim: 0, pointerX: 0, pointerY: 0, server: undefined }
    parts.stage.render({ view: this.view, nowMs, dtMs, profile: this.profile, ...still })
    this.shown = [...this.view.player].map(({ id, owner, x, y, hp }) => ({
      id,
      seat: owner,
      name: this.profile(owner).name,
      x,
      y,
      hp,
    }))
    const until = performance.now() + SURVEY_MS
    if (!survey.done) survey.run(() => performance.now() > until)
    const failure = tape.failure ?? survey.failure
    if (failure !== undefined) this.fail(failure)
    this.panels()
  }

  private panels(): void {
    const { tape, survey, parts } = this
    const scores = ranked(tape.replay.players.values())
    this.cast.update(scores, this.camera.following)
    parts.boards.showScores(scores, this.camera.following)
    this.transport.update(survey)
    if (this.failed) return
    const checked = survey.checkedTick - tape.firstTick
    const share = Math.floor((100 * checked) / Math.max(1, tape.lastTick - tape.firstTick))
    const text = survey.done ? `${checked} ticks checked, all equal.` : `Checking: ${share} % equal so far.`
    setText(this.status, this.isCut ? `${text} The end of the file is missing.` : text)
  }

  /** The first thing that is wrong with what is in the file. */
  private fail(error: unknown): void {
    if (this.failed) return
    this.failed = true
    this.status.classList.add('failed')
    setText(this.status, error instanceof Error ? error.message : String(error))
    this.transport.markFailure(error instanceof JournalError && error.tick >= 0 ? error.tick : this.survey.checkedTick)
  }

  private profile = (seat: number): Profile => {
    const player = this.tape.replay.players.get(seat)
    return player === undefined ? nobody : scoreOf(player)
  }

  private show(event: ReplayEvent): void {
    const { stage, boards } = this.parts
    const { players } = this.tape.replay
    const effect = arenaEvent(event)
    const ownerOf = (id: number) => this.view.player.get(id)?.owner ?? 0
    showEvent(stage, { profile: this.profile, ownerOf }, effect)
    if (effect.name !== 'kill') return
    const { killer, victim, weapon } = effect.values
    const [by, dead] = [players.get(killer), players.get(victim)]
    const isFollowed = this.following !== 0 && (killer === this.following || victim === this.following)
    boards.killed(by && scoreOf(by), dead && scoreOf(dead), weapon, isFollowed)
  }

  private tab(event: KeyboardEvent): void {
    if (event.code !== 'Tab') return
    event.preventDefault()
    this.parts.boards.setOpen(event.type === 'keydown')
  }
}
