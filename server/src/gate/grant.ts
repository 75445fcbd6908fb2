/** What was found out about somebody before it comes in: admission's `check` gives it to its `admit`, by way of the session. */
import type { Elsewhere } from './room-directory.ts'
import type { Ticket } from './tickets.ts'

export interface Grant {
  readonly identity?: unknown
  readonly ticket?: Ticket
  /** Another shard runs its room: it does not come in here. */
  readonly elsewhere?: Elsewhere
}
