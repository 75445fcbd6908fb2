/**
 * What the quality bench measures: the JSON that it prints, that the HTML report draws and that `--compare` reads. Types only.
 * Percentages are 0 to 100. A cell is one condition of the network and one kind of link, played by bots for a while; players are pooled.
 */

export type LinkKind = 'datagram' | 'ordered'

/** One value per bin: `fromMs` is the lower edge, bins are `binMs` wide, the last one holds everything beyond. */
export interface Histogram {
  readonly binMs: number
  readonly fromMs: number
  readonly counts: readonly number[]
}

export interface QualityCell {
  readonly rttMs: number
  readonly jitterMs: number
  readonly lossPct: number
  readonly link: LinkKind
  /** Difference between the client's idea of the server's clock and the truth, absolute. */
  readonly clockErrorP50Ms: number
  readonly clockErrorP99Ms: number
  /** Inputs that came after their tick was computed, or never. */
  readonly lateInputsPct: number
  /** Mean lead, and mean lead above the least constant lead that would have kept late inputs at 1 % in hindsight. */
  readonly leadMs: number
  readonly excessLeadMs: number
  /** Display frames that had to be drawn beyond the newest snapshot. */
  readonly starvationPct: number
  readonly interpolationDelayMs: number
  /** Per player: corrections of what it predicts; and those that no late input and no interference explains (to be 0). */
  readonly correctionsPerMinute: number
  /** Of these: after somebody else's doing (a hit, a push), and after an input that was late. */
  readonly interferencePerMinute: number
  readonly latenessPerMinute: number
  /** In all: neither. */
  readonly unexplainedCorrections: number
  /** In the game's units, and in pixels at the bench's scale. */
  readonly correctionP99: number
  readonly correctionP99Px: number
  /** Shots that were on time, unclamped and drawn between two snapshots: verdict equal to what the shooter's client computed. */
  readonly hitAgreementPct: number
  readonly shotsCompared: number
  /** Like these, but the shooter had been pushed, or an input of its had been late, and its client could not know yet. */
  readonly disturbedHitAgreementPct: number
  readonly disturbedShots: number
  /** The same for all other shots (late, clamped, or beyond the newest snapshot). */
  readonly otherHitAgreementPct: number
  readonly otherShots: number
  /** Shots that one side computed and the other never did. */
  readonly shotsLost: number
  /** Share of view stamps that the server did not believe. */
  readonly clampedPct: number
  /** Down and up, payload per client. */
  readonly bytesPerSecond: number
  readonly bytesUpPerSecond: number
  /** From a press to the first display frame that shows its effect on the own screen, in display frames. */
  readonly pressToScreenP99Frames: number
  /** Longest time without a new snapshot. */
  readonly longestGapMs: number
  readonly stalls: number
  readonly histograms: {
    readonly inputMargin: Histogram
    readonly snapshotLateness: Histogram
    readonly clockError: Histogram
  }
}

/** A figure that the cells in its scope shall reach. */
export interface QualityTarget {
  readonly name: string
  readonly unit: string
  readonly limit: number
  readonly worst: number
  readonly worstCell: string
  readonly passed: boolean
}

/** One player of one cell over time, for looking at. All arrays are as long as `timeS`. */
export interface QualitySeries {
  readonly cell: {
    readonly rttMs: number
    readonly jitterMs: number
    readonly lossPct: number
    readonly link: LinkKind
  }
  readonly timeS: readonly number[]
  readonly leadMs: readonly number[]
  readonly marginMs: readonly number[]
  readonly interpolationDelayMs: readonly number[]
  readonly snapshotLatenessMs: readonly number[]
  readonly clockErrorMs: readonly number[]
  readonly correction: readonly number[]
}

export interface QualityResult {
  readonly kind: 'quality'
  readonly version: 1
  readonly seed: number
  readonly players: number
  readonly secondsPerCell: number
  readonly warmUpSeconds: number
  readonly tickRate: number
  readonly snapshotRate: number
  readonly displayHz: number
  readonly pixelsPerUnit: number
  /** In words: jitter's distribution, bursts, retransmission. */
  readonly networkModel: readonly string[]
  readonly cells: readonly QualityCell[]
  readonly targets: readonly QualityTarget[]
  readonly series: readonly QualitySeries[]
}
