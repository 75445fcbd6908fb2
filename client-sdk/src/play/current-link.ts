/**
 * What a room sends into: whichever link is in use now. Play holds this one for as long as the room lives, while the session replaces the link behind it.
 * Without a link what is sent is dropped; what must not be lost, the session's owner sends again.
 */
import type { Lane, Link } from '@tickmesh/shared'

/** The part of a link that play needs. */
export type Outlet = Pick<Link, 'ordered' | 'send'>

export class CurrentLink implements Outlet {
  /** As of the newest link. */
  ordered: boolean
  #link: Link | undefined
  /** Where the room is about to move: it gets the datagrams (inputs) too. */
  also: Link | undefined

  constructor(link: Link) {
    this.#link = link
    this.ordered = link.ordered
  }

  /** The next link; undefined: there is none for now. */
  use(link: Link | undefined): void {
    this.#link = link
    if (link !== undefined && link === this.also) this.also = undefined
    if (link !== undefined) this.ordered = link.ordered
  }

  /** Hot. */
  send(lane: Lane, bytes: Uint8Array): void {
    this.#link?.send(lane, bytes)
    if (lane === 'datagram') this.also?.send(lane, bytes)
  }
}
