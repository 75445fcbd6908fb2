/**
 * The net graph (F3) with sliders that make the network worse while playing. It starts neutral, or as the page's address says, each way:
 * `?delay=50&jitter=10&loss=0.02&bandwidth=8000` (ms, ms, share, bytes a second). What no network does is left out, and told.
 */
import type { Room } from '@tickmesh/client'
import { type BadNetwork, badNetwork, type NetGraph, netGraph } from '@tickmesh/client/netgraph'
import { Impairment, type ImpairmentOptions, NetError } from '@tickmesh/shared'
import type { ArenaShape } from '../game.ts'

const asked = { delay: 'delayMs', jitter: 'jitterMs', loss: 'loss', bandwidth: 'bandwidth' } as const

interface Asked {
  readonly options: ImpairmentOptions
  /** What could not be taken, in words; empty if everything was. */
  readonly refused: string
}

function fromAddress(search: string): Asked {
  const options: Record<string, number> = {}
  const refused: string[] = []
  for (const [name, option] of Object.entries(asked)) {
    const text = new URLSearchParams(search).get(name)
    if (text === null || text === '') continue
    const value = Number(text)
    try {
      new Impairment({ [option]: value })
      options[option] = value
    } catch (error) {
      refused.push(`${name}=${text}: ${error instanceof NetError ? error.remedy : error}`)
    }
  }
  return { options, refused: refused.length === 0 ? '' : `Left out of the address: ${refused.join(' ')}` }
}

export class NetPanel {
  /** Between this page and the server, over all matches. */
  readonly network: BadNetwork
  /** What the address asked for in vain, in words; or nothing. */
  readonly refused: string
  private graph: NetGraph | undefined
  private open = false

  constructor() {
    const { options, refused } = fromAddress(window.location.search)
    this.network = badNetwork(options)
    this.refused = refused
  }

  /** Shows the net graph of a match, if it was open in the last one. */
  watch(room: Room<ArenaShape>): void {
    this.graph = netGraph(room, { network: this.network, open: this.open })
  }

  /** The match is over. */
  stop(): void {
    this.open = this.graph?.shown ?? false
    this.graph?.remove()
    this.graph = undefined
  }
}
