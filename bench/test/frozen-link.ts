/** A link whose sending side can stand still: what is sent meanwhile comes out in order afterwards, or (lost datagrams) never. For tests of stalls. */
import type { Lane, Link } from '@tickmesh/shared'

export class FrozenLink {
  private frozen = false
  private held: { readonly lane: Lane; readonly bytes: Uint8Array }[] = []
  private link: Link | undefined
  private readonly losesDatagrams: boolean

  constructor(losesDatagrams: boolean) {
    this.losesDatagrams = losesDatagrams
  }

  readonly tap = (link: Link): Link => {
    this.link = link
    const send = (lane: Lane, bytes: Uint8Array): void => {
      if (!this.frozen) link.send(lane, bytes)
      else if (lane === 'reliable' || !this.losesDatagrams) this.held.push({ lane, bytes: bytes.slice() })
    }
    return {
      ordered: link.ordered,
      get bufferedBytes() {
        return link.bufferedBytes
      },
      attach: (receiver) => link.attach(receiver),
      send,
      close: (reason) => link.close(reason),
    }
  }

  freeze(): void {
    this.frozen = true
  }

  thaw(): void {
    this.frozen = false
    for (const { lane, bytes } of this.held) this.link?.send(lane, bytes)
    this.held = []
  }
}
