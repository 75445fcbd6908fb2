/**
 * What a tab keeps over a reload: the secret of its session, from the moment that the page is left until it is loaded again. Not for as long as the page lives,
 * so that a duplicate of the tab does not take the player away.
 */
import type { ClientPage } from '../play/client-host.ts'
import type { Unsubscribe } from '../room.ts'
import type { Session } from './session.ts'

export class SavedSession {
  readonly #page: ClientPage
  readonly #key: string

  /** The same address, game and room give the same `key`. */
  constructor(page: ClientPage, key: string) {
    this.#page = page
    this.#key = `tickmesh ${key}`
  }

  keep(secret: string, graceMs: number): void {
    this.#page.write(this.#key, `${this.#page.wallMs() + graceMs} ${secret}`)
  }

  remove(): void {
    this.#page.write(this.#key, undefined)
  }

  /** Takes it out: nobody finds it a second time. Undefined if there is none, or the seat is not kept any more. */
  take(): string | undefined {
    const [untilMs = '', secret = ''] = (this.#page.read(this.#key) ?? '').split(' ')
    this.remove()
    return secret !== '' && Number(untilMs) > this.#page.wallMs() ? secret : undefined
  }
}

interface PagedRoom {
  readonly session: Session
  leave(): Promise<void>
  onClose(listener: () => void): Unsubscribe
}

/** What happens to a room when its page is left: its session is saved for the next load, or the player leaves, so that the seat is free at once. */
export function followPage(page: ClientPage, room: PagedRoom, saved: SavedSession | undefined): void {
  const stopHide = page.onHide(() => {
    const { resumable } = room.session
    if (saved !== undefined && resumable !== undefined) saved.keep(resumable.secret, resumable.graceMs)
    else void room.leave()
  })
  const stopReturn = page.onReturn(() => saved?.remove())
  room.onClose(() => {
    stopHide()
    stopReturn()
  })
}
