/**
 * Where lives are: first by the view, which is agreed, then by what gossip says. Kept by the node; asked for each message that leaves.
 */
import type { ClusterAddress, Life } from '../life.ts'
import type { View } from '../view/view.ts'
import type { KnownShard } from '../view/views-api.ts'
import type { GossipMember } from './cluster-node-api.ts'

export class Directory {
  readonly #cluster: string
  readonly #byView = new Map<Life, ClusterAddress>()
  readonly #byGossip = new Map<Life, ClusterAddress>()

  constructor(cluster: string) {
    this.#cluster = cluster
  }

  addressOf(life: Life): ClusterAddress | undefined {
    return this.#byView.get(life) ?? this.#byGossip.get(life)
  }

  /** Members of the view at this address: one, but while a restarted process takes its predecessor's place. */
  membersAt(address: ClusterAddress): Life[] {
    const lives: Life[] = []
    for (const [life, at] of this.#byView) if (at === address) lives.push(life)
    return lives
  }

  viewInstalled(view: View): void {
    this.#byView.clear()
    for (const { life, address } of view.members) this.#byView.set(life, address)
  }

  /** All shards of this cluster that gossip takes for alive or at least not yet dead. */
  gossipChanged(members: Iterable<GossipMember>): KnownShard[] {
    this.#byGossip.clear()
    const known: KnownShard[] = []
    for (const { name, address, state, tags } of members) {
      const { life } = tags
      if (life === undefined || !isShardOf(this.#cluster, tags)) continue
      if (state !== 'alive' && state !== 'suspect') continue
      this.#byGossip.set(life, address)
      known.push({ life, name, address })
    }
    return known
  }
}

function isShardOf(cluster: string, tags: Readonly<Record<string, string>>): boolean {
  return tags.role === 'tickmesh' && tags.cluster === cluster
}
