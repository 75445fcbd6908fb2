/**
 * What a tab keeps over a reload: the secret of its session, from the moment that the page is left until it is loaded again. Not for as long as the page lives,
 * so that a duplicate of the tab does not take the player away.
 */
import { type EpochTriple, isEpochTriple } from '@tickmesh/shared'
import type { ClientPage } from '../play/client-host.ts'
import type { Unsubscribe } from '../room.ts'
import type { Session } from './session.ts'

export interface Taken {
  readonly secret: string
  readonly room: string | undefined
  /** Of the room, in a cluster. */
  readonly epoch: EpochTriple | undefined
  /** The game's messages that came, in all. */
  readonly heard: number
  /** Where the room was, then where it may be if its server died. */
  readonly urls: readonly string[]
}

export interface Kept extends Taken {
  readonly graceMs: number
}

export class SavedSession {
  readonly #page: ClientPage
  readonly #key: string

  /** The same address, game and room give the same `key`. */
  constructor(page: ClientPage, key: string) {
    this.#page = page
    this.#key = `tickmesh ${key}`
  }

  keep({ secret, graceMs, room, epoch, heard, urls }: Kept): void {
    const untilMs = this.#page.wallMs() + graceMs
    this.#page.write(this.#key, [untilMs, secret, room, `${epoch ?? ''}`, heard, ...urls].join(' '))
  }

  remove(): void {
    this.#page.write(this.#key, undefined)
  }

  /** Takes it out: nobody finds it a second time. Undefined if there is none, or the seat is not kept any more. */
  take(): Taken | undefined {
    const [untilMs = '', secret = '', room, parts = '', heard, ...urls] = (this.#page.read(this.#key) ?? '').split(' ')
    this.remove()
    if (secret === '' || !(Number(untilMs) > this.#page.wallMs())) return undefined
    const epoch = parts === '' ? undefined : parts.split(',').map(Number)
    const known = isEpochTriple(epoch) ? epoch : undefined
    return { secret, room, epoch: known, heard: Math.floor(Number(heard)) || 0, urls }
  }
}

interface PagedRoom {
  readonly id: string
  readonly heard: number
  readonly session: Session
  leave(): Promise<void>
  onClose(listener: () => void): Unsubscribe
}

/** What happens to a room when its page is left: its session is saved for the next load, or the player leaves, so that the seat is free at once. */
export function followPage(page: ClientPage, room: PagedRoom, saved: SavedSession | undefined): void {
  const stopHide = page.onHide(() => {
    const { resumable, where } = room.session
    const { epoch, url, standbys } = where
    if (saved !== undefined && resumable !== undefined)
      saved.keep({ ...resumable, room: room.id, epoch, heard: room.heard, urls: [url, ...standbys] })
    else void room.leave()
  })
  const stopReturn = page.onReturn(() => saved?.remove())
  room.onClose(() => {
    stopHide()
    stopReturn()
  })
}
