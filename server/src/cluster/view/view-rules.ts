/**
 * The decisions on which it rests that a room never has two owners, as pure functions of a few numbers. Views, the model checker and the simulation all
 * take them from here; proofs replace one by a mistake, and must notice.
 */
import { compareViews, majorityOf, type ViewId } from './view.ts'

/** Times in ms. A holder's and a voter's clocks are not compared, but run at rates that differ by less than `clockBound` allows. */
export interface LeaseTimes {
  /** L: how long a grant lasts. */
  readonly leaseMs: number
  /** W = clockBound · L: how long after the newest grant to a removed member nothing of it is taken over. 1.25. */
  readonly clockBound: number
}

export interface ViewRules {
  /** May a voter grant a lease that is asked for in view `asked`? `installed`: its own view. `votedFor`: the newest view that it accepted in a ballot, if any. Holds for a voter's grants to itself, too. */
  mayGrant(installed: ViewId, votedFor: ViewId | undefined, asked: ViewId): boolean
  /** Does a grant count for a lease in `view`? `answered`: the view that the answer names. */
  grantCounts(view: ViewId, answered: ViewId): boolean
  /** When a grant runs out on the holder's clock. */
  grantEndMs(sentMs: number, answeredMs: number, times: LeaseTimes): number
  /** Until when one may act, from the ends of the newest grant of each voter (-Infinity: none). */
  leaseEndMs(grantEnds: readonly number[], voters: number): number
  /**
   * From when on a voter counts the age that it reports of its newest grant to a member (-Infinity: never granted). Not before it installed its view: grants of the view before it
   * may have come from voters that are no longer asked, and those ended when this view was decided, thus before it was installed.
   */
  newestGrantMs(lastGrantMs: number, installedMs: number): number
  /** May one act for one's rooms at this moment? Looked at each tick, before each flush, and after any stall. */
  mayAct(nowMs: number, leaseEndMs: number): boolean
  /**
   * How long from now on nothing may be taken over from a removed member. `agesMs`: by those voters that decided the removal, how long ago each last granted to it (Infinity: never).
   * `proof`: a supervisor's waitpid, or the owner's own signed release. `refused`: a connection was refused or reset, which proves nothing.
   */
  takeoverWaitMs(
    agesMs: readonly number[],
    evidence: { readonly proof: boolean; readonly refused: boolean },
    times: LeaseTimes,
  ): number
}

export const VIEW_RULES: ViewRules = {
  mayGrant: (installed, votedFor, asked) =>
    compareViews(installed, asked) === 0 && (votedFor === undefined || compareViews(votedFor, installed) <= 0),
  grantCounts: (view, answered) => compareViews(view, answered) === 0,
  grantEndMs: (sentMs, _answeredMs, { leaseMs }) => sentMs + leaseMs,
  leaseEndMs(grantEnds, voters) {
    const sorted = [...grantEnds].sort((a, b) => b - a)
    return sorted[majorityOf(voters) - 1] ?? Number.NEGATIVE_INFINITY
  },
  newestGrantMs: (lastGrantMs, installedMs) => Math.max(lastGrantMs, installedMs),
  mayAct: (nowMs, leaseEndMs) => nowMs < leaseEndMs,
  takeoverWaitMs(agesMs, { proof }, { leaseMs, clockBound }) {
    if (proof) return 0
    let newest = Number.POSITIVE_INFINITY
    for (const age of agesMs) newest = Math.min(newest, age)
    return Math.max(0, clockBound * leaseMs - newest)
  },
}
