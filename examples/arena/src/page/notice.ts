/**
 * One discreet line above the vitals: that play waits for the server or its connection, that it goes on, or what the page's address asked for in vain. Both
 * kinds of match tell it (`room.onStall`, `room.onConnection`). Never takes a click, and never stays longer than what it says is true.
 */
import type { ConnectionState, Stall } from '@tickmesh/client'
import { element, setText } from './dom.ts'

/** A shorter wait is not told: on a bad network there are many, and the play hardly shows them. */
const PATIENCE_MS = 250
const RESUMED_MS = 1800
const SAID_MS = 9000
/** A shorter gap of this page alone is no news. */
const WORTH_TELLING_MS = 1000

export class Notice {
  readonly root = element('div', 'notice')
  private readonly text = element('span', '')
  private timer: ReturnType<typeof setTimeout> | undefined
  private reconnecting = false

  constructor() {
    this.root.setAttribute('role', 'status')
    this.root.append(element('i', ''), this.text)
    this.root.hidden = true
  }

  /** Play waits, or goes on. */
  stall(stall: Stall, tickRate: number): void {
    if (stall.kind === 'waiting') {
      if (!this.reconnecting) this.showSoon('Waiting for the server …')
      return
    }
    const { waitedMs, skippedTicks } = stall
    const stoodMs = (skippedTicks * 1000) / tickRate
    if (waitedMs >= PATIENCE_MS) this.show('resumed', `Back after ${seconds(waitedMs)}`, RESUMED_MS)
    else if (waitedMs > 0) this.hide()
    else if (stoodMs >= WORTH_TELLING_MS)
      this.show('resumed', `This page stood still for ${seconds(stoodMs)}`, RESUMED_MS)
  }

  /** The connection was lost and is dialled again, or is there again. */
  connection({ state, attempt }: ConnectionState): void {
    const before = this.reconnecting
    this.reconnecting = state === 'reconnecting'
    if (this.reconnecting) this.showSoon(attempt < 3 ? 'Reconnecting …' : `Reconnecting … (attempt ${attempt})`)
    else if (before) this.hide()
  }

  /** Something to read, for a while. */
  say(text: string): void {
    this.show('said', text, SAID_MS)
  }

  hide(): void {
    clearTimeout(this.timer)
    this.root.hidden = true
  }

  /** At once, if something else is waited for already. */
  private showSoon(text: string): void {
    if (!this.root.hidden && this.root.classList.contains('waiting')) return this.show('waiting', text)
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.show('waiting', text), PATIENCE_MS)
  }

  private show(kind: string, text: string, forMs?: number): void {
    clearTimeout(this.timer)
    this.root.className = `notice ${kind}`
    setText(this.text, text)
    this.root.hidden = false
    if (forMs !== undefined) this.timer = setTimeout(() => this.hide(), forMs)
  }
}

function seconds(ms: number): string {
  return ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 60_000)} min`
}
