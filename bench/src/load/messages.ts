/**
 * What the load process and the servers say to each other beside the game: by the channel between parent and forked child.
 */

export type ServerKind = 'tickmesh' | 'hand-written'

/** What ours runs on; the one written by hand runs on `ws`. */
export type Transport = 'ws' | 'uWebSockets.js'

/** How the server process is to be set up; its one argument, as JSON. */
export interface ServerSetup {
  readonly kind: ServerKind
  readonly hz: number
  readonly transport: Transport
}

/** To a server: measure from now on; tell what was measured since; end. */
export type ServerOrder = { readonly order: 'start' } | { readonly order: 'tell' } | { readonly order: 'stop' }

/** What a server measured between 'start' and 'tell'. */
export interface ServerFigures {
  readonly cpuMicros: number
  readonly wallMs: number
  readonly roomTicks: number
  /** One for each player of a room and each of its ticks. */
  readonly clientTicks: number
  readonly tickLatenessP99Ms: number
  readonly tickLatenessMaxMs: number
  readonly rssMb: number
  readonly rooms: number
  readonly players: number
}

export type ServerReport =
  | { readonly report: 'listening'; readonly port: number }
  | { readonly report: 'figures'; readonly figures: ServerFigures }
