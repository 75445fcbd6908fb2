/**
 * What a shard says to all others in causal order: an event with its author and counter, what it depends on, and what it does.
 * Plain data, immutable. Made by `CausalLog`, applied by `SharedState`.
 */
import type { ViewId } from '../view/view.ts'
import type { StoreName } from './dot-store.ts'
import type { Stamp } from './hybrid-clock.ts'
import type { Plain } from './plain.ts'
import type { Dot } from './version-vector.ts'

export type OperationBody =
  | { readonly kind: 'line'; readonly channel: string; readonly from: string; readonly text: string }
  | {
      readonly kind: 'store'
      readonly store: StoreName
      /** Whether `key` gets `value`; else this only removes. */
      readonly adds: boolean
      readonly key: string
      readonly value: Plain
      readonly removes: readonly Dot[]
    }
  /** In the place of one that nobody holds any more. */
  | { readonly kind: 'waived' }

export interface Operation {
  readonly dot: Dot
  readonly stamp: Stamp
  /** The author's view: who is in an older one takes this in once it has followed. So all that an operation needs is of lives that were members by then. */
  readonly view: ViewId
  /** The newest event of each other life that its author had delivered since its own last operation; all before follow from these. */
  readonly needs: readonly Dot[]
  readonly body: OperationBody
}
