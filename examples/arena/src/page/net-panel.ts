/**
 * The net graph (F3) with sliders that make the network worse while playing. It starts neutral, or as the page's address says, each way:
 * `?delay=50&jitter=10&loss=0.02&bandwidth=8000` (ms, ms, share, bytes a second).
 */
import type { Room } from '@tickmesh/client'
import { badNetwork, type NetGraph, netGraph } from '@tickmesh/client/netgraph'
import type { ImpairmentOptions } from '@tickmesh/shared'
import type { ArenaShape } from '../game.ts'

const asked = { delay: 'delayMs', jitter: 'jitterMs', loss: 'loss', bandwidth: 'bandwidth' } as const

function fromAddress(search: string): ImpairmentOptions {
  const parameters = new URLSearchParams(search)
  const options: Record<string, number> = {}
  for (const [name, option] of Object.entries(asked)) {
    const value = Number.parseFloat(parameters.get(name) ?? '')
    if (!Number.isNaN(value)) options[option] = value
  }
  return options
}

export class NetPanel {
  /** Between this page and the server, over all matches. */
  readonly network = badNetwork(fromAddress(window.location.search))
  private graph: NetGraph | undefined
  private open = false

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
