/**
 * Where the model of views keeps what: a state is one array of small integers, so that copying it and making a key of it are cheap.
 * All times are relative to now, on the clock of the shard that they belong to, and end at W: then the states are finitely many however long time runs.
 */

export interface Layout {
  readonly lives: number
  /** By life. `view`: the installed one, 0: none yet. `over`: 1 dead, 2 removed. `voted`: the view beyond its own that it voted for. */
  readonly view: number
  readonly over: number
  readonly voted: number
  /** How long it takes nothing over yet. */
  readonly wait: number
  /** The epoch in which it runs the room; 0: it does not. */
  readonly runs: number
  /** 1: stalled; 2: stalled while it held the lease; 3: woken, and acts without having looked. */
  readonly stall: number
  /** Ticks of its clock since one was skipped. */
  readonly paced: number
  /** Of its vote for the next view: 1 + how long before it granted last to somebody whom that view removes. 0: no vote. */
  readonly votes: number
  /** Holder x voter: view · 8 + what is left of the grant; 0: none. */
  readonly grants: number
  /** Voter x holder: how long ago it granted last, or installed its view; W: that long, or never. */
  readonly granted: number
  /** By view. `chosen`: 1 + which alternative, 0: nothing proposed. `decided`: 1 + the wait for takeover. `claims`: two bits a life: 1 does not run it, 2 runs it. */
  readonly chosen: number
  readonly decided: number
  readonly claims: number
  /** By view, of the home's book: 1 + the owner; how many owners it named. */
  readonly owner: number
  readonly named: number
  /** Messages in flight, sorted: asks and answers, then words to successors. 0: free. */
  readonly messages: number
  readonly words: number
  /** Single numbers. */
  readonly deaths: number
  readonly handOvers: number
  readonly stalls: number
  /** The greatest epoch that ever acted. */
  readonly newest: number
  readonly size: number
}

/** At most so many words to successors in flight. */
export const WORDS = 3

/** By life: view to votes; then the two tables. By view: chosen to named. */
const LIFE_FIELDS = 8
const VIEW_FIELDS = 5

export function layoutOf(lives: number, views: number, messages: number): Layout {
  const tables = LIFE_FIELDS * lives
  const perView = tables + 2 * lives * lives
  const inFlight = perView + VIEW_FIELDS * (views + 1)
  const singles = inFlight + messages + WORDS
  return {
    lives,
    view: 0,
    over: lives,
    voted: 2 * lives,
    wait: 3 * lives,
    runs: 4 * lives,
    stall: 5 * lives,
    paced: 6 * lives,
    votes: 7 * lives,
    grants: tables,
    granted: tables + lives * lives,
    chosen: perView,
    decided: perView + (views + 1),
    claims: perView + 2 * (views + 1),
    owner: perView + 3 * (views + 1),
    named: perView + 4 * (views + 1),
    messages: inFlight,
    words: inFlight + messages,
    deaths: singles,
    handOvers: singles + 1,
    stalls: singles + 2,
    newest: singles + 3,
    size: singles + 4,
  }
}

/** A lease message. `elapsed`: since the ask was sent, on the holder's clock. `view`: the one that the ask, or the answer, names. */
export interface LeaseMessage {
  readonly kind: 'ask' | 'answer'
  readonly holder: number
  readonly voter: number
  readonly view: number
  readonly elapsed: number
}

export function packMessage({ kind, holder, voter, view, elapsed }: LeaseMessage): number {
  return 1 + (kind === 'answer' ? 1 : 0) + 2 * (holder + 4 * (voter + 4 * (view + 4 * elapsed)))
}

export function unpackMessage(packed: number): LeaseMessage {
  const bits = packed - 1
  return {
    kind: bits & 1 ? 'answer' : 'ask',
    holder: (bits >> 1) & 3,
    voter: (bits >> 3) & 3,
    view: (bits >> 5) & 3,
    elapsed: bits >> 7,
  }
}

/** An epoch of the room: (view, k). */
export function epochOf(view: number, k: number): number {
  return view * 8 + k
}
