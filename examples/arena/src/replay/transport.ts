/**
 * The bar below a replay: play and pause, the time, scrubbing, speed. Shows how far the recording is checked, and marks each kill. The page calls `update` once
 * per frame; what hands do is passed on at once.
 */
import { element, setText } from '../page/dom.ts'
import { css, palette, playerColor } from '../page/palette.ts'
import { clockText } from './score-line.ts'
import type { Survey } from './survey.ts'
import { SPEEDS, type Tape } from './tape.ts'

const PLAY = 'M8 5.5v13l11-6.5z'
const PAUSE = 'M7 5h3.6v14H7zM13.4 5H17v14h-3.6z'
const AGAIN = 'M12 5a7 7 0 1 1-6.6 4.7l1.9.7A5 5 0 1 0 12 7v3L7.5 6 12 2z'
/** What the arrow keys skip. */
const SKIP_SECONDS = 5

function icon(path: string): SVGSVGElement {
  const space = 'http://www.w3.org/2000/svg'
  const svg = document.createElementNS(space, 'svg')
  svg.setAttribute('viewBox', '0 0 24 24')
  const shape = document.createElementNS(space, 'path')
  shape.setAttribute('d', path)
  svg.append(shape)
  return svg
}

export class Transport {
  readonly root: HTMLElement
  private readonly tape: Tape
  private readonly play = element('button', 'play')
  private readonly time = element('span', 'time')
  private readonly track = element('div', 'track')
  private readonly checked = element('div', 'checked')
  private readonly past = element('div', 'past')
  private readonly knob = element('div', 'knob')
  private readonly hint = element('div', 'hint')
  private readonly marks = element('div', 'marks')
  private readonly speeds: readonly HTMLButtonElement[]
  private shownIcon = ''
  private shownMarks = 0

  constructor(tape: Tape) {
    this.tape = tape
    this.play.addEventListener('click', () => this.toggle())
    this.speeds = SPEEDS.map((speed) => {
      const button = element('button', '', `${speed}×`)
      button.addEventListener('click', () => this.setSpeed(speed))
      return button
    })
    this.hint.hidden = true
    this.track.setAttribute('role', 'slider')
    this.track.setAttribute('aria-label', 'Moment of the match')
    this.track.append(this.checked, this.past, this.marks, this.knob, this.hint)
    const speeds = element('div', 'speeds', ...this.speeds)
    this.root = element('div', 'transport', this.play, this.time, this.track, speeds)
    this.track.addEventListener('pointerdown', (event) => this.scrub(event))
    this.track.addEventListener('pointermove', (event) => this.point(event))
    this.track.addEventListener('pointerleave', () => {
      this.hint.hidden = true
    })
    window.addEventListener('keydown', (event) => this.key(event))
  }

  update(survey: Survey): void {
    const { tape } = this
    const shape = tape.playing ? PAUSE : tape.atEnd ? AGAIN : PLAY
    if (shape !== this.shownIcon) {
      this.shownIcon = shape
      this.play.replaceChildren(icon(shape))
      this.play.title = tape.playing ? 'Pause (Space)' : 'Play (Space)'
    }
    setText(this.time, `${clockText(tape.seconds)} / ${clockText(tape.lengthSeconds)}`)
    const share = `${this.shareOf(tape.position) * 100}%`
    this.past.style.width = share
    this.knob.style.left = share
    this.checked.style.width = `${this.shareOf(survey.checkedTick) * 100}%`
    this.track.setAttribute('aria-valuetext', clockText(tape.seconds))
    for (const [index, button] of this.speeds.entries()) button.classList.toggle('chosen', SPEEDS[index] === tape.speed)
    for (; this.shownMarks < survey.marks.length; this.shownMarks++) {
      const mark = survey.marks[this.shownMarks]
      if (mark === undefined) continue
      const line = element('i', '')
      line.style.left = `${this.shareOf(mark.tick) * 100}%`
      line.style.background = css(playerColor(mark.color))
      line.title = mark.title
      this.marks.append(line)
    }
  }

  /** Shows that something is wrong from a tick on. */
  markFailure(tick: number): void {
    const bad = element('div', 'bad')
    bad.style.left = `${this.shareOf(tick) * 100}%`
    bad.style.background = css(palette.danger, 0.45)
    this.track.append(bad)
  }

  private shareOf(tick: number): number {
    const { firstTick, lastTick } = this.tape
    return (tick - firstTick) / Math.max(1, lastTick - firstTick)
  }

  private toggle(): void {
    const { tape } = this
    if (!tape.playing && tape.atEnd) tape.seek(tape.firstTick)
    tape.playing = !tape.playing
  }

  private setSpeed(speed: number): void {
    this.tape.speed = speed
  }

  private tickUnder(event: PointerEvent): number {
    const { left, width } = this.track.getBoundingClientRect()
    const share = Math.min(1, Math.max(0, (event.clientX - left) / width))
    return this.tape.firstTick + share * (this.tape.lastTick - this.tape.firstTick)
  }

  private point(event: PointerEvent): void {
    const { left } = this.track.getBoundingClientRect()
    const { firstTick, lastTick, lengthSeconds } = this.tape
    const share = (this.tickUnder(event) - firstTick) / Math.max(1, lastTick - firstTick)
    this.hint.hidden = false
    this.hint.style.left = `${event.clientX - left}px`
    setText(this.hint, clockText(share * lengthSeconds))
  }

  private scrub(start: PointerEvent): void {
    const { tape, track } = this
    const resume = tape.playing
    tape.playing = false
    track.setPointerCapture(start.pointerId)
    tape.seek(this.tickUnder(start))
    const move = (event: PointerEvent) => tape.seek(this.tickUnder(event))
    const stop = () => {
      track.removeEventListener('pointermove', move)
      tape.playing = resume && !tape.atEnd
    }
    track.addEventListener('pointermove', move)
    track.addEventListener('pointerup', stop, { once: true })
    track.addEventListener('pointercancel', stop, { once: true })
  }

  private key(event: KeyboardEvent): void {
    const { tape } = this
    const at = SPEEDS.indexOf(tape.speed)
    const actions: Readonly<Record<string, () => void>> = {
      Space: () => this.toggle(),
      ArrowLeft: () => tape.skip(-SKIP_SECONDS),
      ArrowRight: () => tape.skip(SKIP_SECONDS),
      Comma: () => tape.nudge(-1),
      Period: () => tape.nudge(1),
      BracketLeft: () => this.setSpeed(SPEEDS[at - 1] ?? tape.speed),
      BracketRight: () => this.setSpeed(SPEEDS[at + 1] ?? tape.speed),
      Home: () => tape.seek(tape.firstTick),
      End: () => tape.seek(tape.lastTick),
    }
    const action = actions[event.code]
    if (action === undefined || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    action()
  }
}
