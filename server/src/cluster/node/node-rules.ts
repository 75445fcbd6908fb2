/**
 * The decisions of the node itself on which safety rests, as pure functions of a few values. `ClusterNode` takes them from here; the simulation replaces one by a
 * mistake, and must notice.
 */
import type { Life } from '../life.ts'

export interface NodeRules {
  /** May rooms act at this moment? `held`: what was last told to the host. `byClock`: what the view's rule says of the clock that is looked at now. */
  mayAct(held: boolean, byClock: boolean): boolean
  /** Is this envelope for the life that got it? An address outlives lives. */
  isForMe(life: Life, to: Life): boolean
}

export const NODE_RULES: NodeRules = {
  // What was told may be from before a stall: the clock alone counts.
  mayAct: (_held, byClock) => byClock,
  isForMe: (life, to) => life === to,
}
