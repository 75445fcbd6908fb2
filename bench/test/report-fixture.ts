/** Made-up results over the whole grid, from a seed: plausible, with misses, for the tests of the report and of the comparison. */
import { SeededRandom } from '@tickmesh/shared'
import type { LatencyCell, LatencyDistribution, LatencyResult } from '../src/latency/latency-result.ts'
import type { Histogram, LinkKind, QualityCell, QualityResult, QualitySeries } from '../src/quality/quality-result.ts'

const RTTS = [40, 100, 200, 300]
const JITTERS = [0, 20, 50]
const LOSSES = [0, 2, 5, 10]
const LINKS: readonly LinkKind[] = ['datagram', 'ordered']
const NETWORK_MODEL = [
  'Delay: half of the round trip each way; jitter is log-normal with the given standard deviation, never reordering on ordered links.',
  'Loss: two states (Gilbert and Elliott), bursts of 3 packets on average.',
  'Ordered links: a loss stalls everything behind it for at least a retransmission timeout of 200 ms.',
]

interface Network {
  readonly rttMs: number
  readonly jitterMs: number
  readonly lossPct: number
  readonly link: LinkKind
}

function conditions(): Network[] {
  return LINKS.flatMap((link) =>
    RTTS.flatMap((rttMs) =>
      JITTERS.flatMap((jitterMs) => LOSSES.map((lossPct) => ({ rttMs, jitterMs, lossPct, link }))),
    ),
  )
}

function gaussian(random: SeededRandom): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next())
}

function histogram(binMs: number, fromMs: number, bins: number, samples: readonly number[]): Histogram {
  const counts = Array.from({ length: bins }, () => 0)
  for (const sample of samples) {
    const bin = Math.min(bins - 1, Math.max(0, Math.floor((sample - fromMs) / binMs)))
    counts[bin] = (counts[bin] ?? 0) + 1
  }
  return { binMs, fromMs, counts }
}

function samples(count: number, draw: () => number): number[] {
  return Array.from({ length: count }, draw)
}

function qualityCell(network: Network, random: SeededRandom): QualityCell {
  const { rttMs, jitterMs, lossPct, link } = network
  const stall = link === 'ordered' ? lossPct * (1 + rttMs / 150) : 0
  const late = (0.12 + jitterMs / 120 + lossPct * 0.03) * (0.7 + 0.6 * random.next()) + stall * 1.1
  const excess = 2 + jitterMs * 0.15 + lossPct * 0.5 + stall * 3 + random.next() * 2
  const tail = () =>
    Math.abs(gaussian(random)) * (1 + jitterMs * 0.5) + (random.next() < stall / 60 ? 220 * random.next() : 0)
  const size = 0.02 * late * (1 + random.next())
  return {
    ...network,
    clockErrorP50Ms: 0.2 + jitterMs * 0.03,
    clockErrorP99Ms: 0.6 + jitterMs * 0.14 + stall * 0.6 + random.next(),
    lateInputsPct: late,
    leadMs: rttMs / 2 + excess + 12,
    excessLeadMs: excess - 3,
    starvationPct: (jitterMs / 250 + lossPct * 0.02) * (0.6 + random.next() * 0.5) + stall * 0.9,
    interpolationDelayMs: 58 + jitterMs * 1.6 + lossPct * 2 + stall * 9,
    correctionsPerMinute: late * 3.2 * (0.8 + random.next() * 0.4),
    interferencePerMinute: late * 1.1,
    latenessPerMinute: late * 2,
    unexplainedCorrections: 0,
    correctionP99: size,
    correctionP99Px: size * 32,
    hitAgreementPct: link === 'ordered' && lossPct === 10 && rttMs === 300 ? 99.97 : 100,
    shotsCompared: 1400 + random.int(0, 300),
    disturbedHitAgreementPct: 93 - stall / 4,
    disturbedShots: Math.round(40 + late * 8),
    otherHitAgreementPct: 88 - stall,
    otherShots: Math.round(12 + late * 30),
    shotsLost: 0,
    clampedPct: Math.max(0, (rttMs - 180) / 200) * 0.4 * (1 + lossPct / 10) + stall * 0.2,
    bytesPerSecond: 1650 + lossPct * (link === 'datagram' ? 46 : 4) + rttMs * (link === 'datagram' ? 1.4 : 0.1),
    bytesUpPerSecond: link === 'datagram' ? 1900 + rttMs * 4 : 940,
    pressToScreenP99Frames: 0.98,
    longestGapMs: 80 + jitterMs * 2 + lossPct * 20 + stall * 70,
    stalls: Math.round(stall * 2),
    histograms: {
      inputMargin: histogram(
        2,
        -60,
        110,
        samples(3000, () => excess + 12 - tail()),
      ),
      snapshotLateness: histogram(2, 0, 150, samples(3000, tail)),
      clockError: histogram(
        0.25,
        0,
        80,
        samples(3000, () => Math.abs(gaussian(random)) * (0.3 + jitterMs * 0.05)),
      ),
    },
  }
}

function seriesOf(cell: Network, random: SeededRandom): QualitySeries {
  const timeS = Array.from({ length: 600 }, (_, at) => at / 10)
  const stalled = (at: number) => cell.link === 'ordered' && at % 170 > 150 && at % 170 < 157
  const walk = (level: number, step: number) => {
    let value = level * 1.6
    return timeS.map(() => {
      value += (level - value) * 0.03 + gaussian(random) * step
      return value
    })
  }
  const jitter = cell.jitterMs
  const lateness = timeS.map((_, at) =>
    stalled(at) ? 180 + random.next() * 60 : Math.abs(gaussian(random)) * (1 + jitter * 0.5),
  )
  return {
    cell: { rttMs: cell.rttMs, jitterMs: cell.jitterMs, lossPct: cell.lossPct, link: cell.link },
    timeS,
    leadMs: walk(cell.rttMs / 2 + 14 + jitter * 0.6, 0.8),
    marginMs: timeS.map((_, at) =>
      stalled(at) ? -120 : 14 + jitter * 0.5 - Math.abs(gaussian(random)) * (1 + jitter * 0.25),
    ),
    interpolationDelayMs: walk(58 + jitter * 1.6, 1),
    snapshotLatenessMs: lateness,
    clockErrorMs: walk(0.3 + jitter * 0.04, 0.15),
    correction: timeS.map((_, at) => (stalled(at) || random.next() < 0.008 ? random.next() * 0.4 : 0)),
  }
}

export function qualityFixture(seed = 7): QualityResult {
  const random = new SeededRandom(seed)
  const cells = conditions().map((network) => qualityCell(network, random))
  const recorded = cells.filter(({ rttMs, jitterMs, lossPct }) => rttMs === 100 && jitterMs === 20 && lossPct === 5)
  const inScope = cells.filter(({ link, lossPct }) => link === 'datagram' && lossPct <= 5)
  const worst = inScope.reduce((a, b) => (b.starvationPct > a.starvationPct ? b : a))
  const worstCell = `${worst.rttMs} ms, jitter ${worst.jitterMs} ms, loss ${worst.lossPct} %`
  const target = (name: string, unit: string, limit: number, value: number, passed: boolean) => ({
    name,
    unit,
    limit,
    worst: value,
    worstCell,
    passed,
  })
  return {
    kind: 'quality',
    version: 1,
    seed,
    players: 8,
    secondsPerCell: 60,
    warmUpSeconds: 10,
    tickRate: 60,
    snapshotRate: 20,
    displayHz: 60,
    pixelsPerUnit: 32,
    networkModel: NETWORK_MODEL,
    cells,
    targets: [
      target('late inputs', '%', 1, 0.84, true),
      target('excess lead', 'ms', 15, 12.4, true),
      target('starvation', '%', 0.5, 0.62, false),
      target('clock error, p99', 'ms', 5, 4.3, true),
      target('unexplained corrections', '', 0, 0, true),
      target('shots judged otherwise than seen', '%', 0, 0, true),
      target('clamped view stamps', '%', 0.5, 0.09, true),
      target('press to own screen, p99', 'frames', 1, 0.98, true),
    ],
    series: recorded.map((cell) => seriesOf(cell, random)),
  }
}

function distribution(values: readonly number[]): LatencyDistribution {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? 0
  const counts = new Map<number, number>()
  for (const value of sorted) counts.set(Math.ceil(value), (counts.get(Math.ceil(value)) ?? 0) + 1)
  return {
    count: sorted.length,
    meanMs: sorted.reduce((sum, value) => sum + value, 0) / sorted.length,
    p50Ms: at(0.5),
    p90Ms: at(0.9),
    p99Ms: at(0.99),
    maxMs: at(1),
    steps: [...counts],
  }
}

function latencyCell(network: Network, where: 'virtual' | 'real', random: SeededRandom): LatencyCell {
  const { rttMs, jitterMs, lossPct, link } = network
  const stall = link === 'ordered' ? (lossPct / 100) * 260 : 0
  const extra = where === 'real' ? 3 : 0
  const means = {
    sampling: 8.4,
    uplink: rttMs / 2 + jitterMs * 0.4 + stall + extra,
    serverWait: 9 + jitterMs * 0.5,
    snapshotWait: 25 + extra / 2,
    downlink: rttMs / 2 + jitterMs * 0.4 + stall + extra,
    interpolation: 34 + jitterMs * 1.3,
    display: 8.2,
  }
  const total = Object.values(means).reduce((sum, mean) => sum + mean, 0)
  const noise = () =>
    Math.abs(gaussian(random)) * (4 + jitterMs * 0.8) +
    (random.next() < (lossPct / 100) * 0.5 ? random.next() * 250 : 0)
  return {
    ...network,
    where,
    own: distribution(samples(2000, () => 4 + random.next() * 12.4)),
    server: distribution(samples(2000, () => total * 0.4 + noise())),
    other: distribution(samples(2000, () => total - 5 + noise())),
    stages: Object.entries(means).map(([name, meanMs]) => ({
      name: name as keyof typeof means,
      meanMs,
      p50Ms: meanMs * 0.9,
      p99Ms: meanMs * 2.2,
    })),
    ownFramesP99: 1,
    pressesLost: 0,
  }
}

export function latencyFixture(seed = 9): LatencyResult {
  const random = new SeededRandom(seed)
  const all = conditions()
  const real = all.filter(
    ({ rttMs, jitterMs, lossPct }) => rttMs === 100 && jitterMs === 20 && (lossPct === 0 || lossPct === 5),
  )
  return {
    kind: 'latency',
    version: 1,
    seed,
    secondsPerCell: 30,
    tickRate: 60,
    snapshotRate: 20,
    displayHz: 60,
    networkModel: [...NETWORK_MODEL, 'Real sockets: through a relay with the same model.'],
    realTimersLateP99Ms: 0.4,
    cells: [
      ...all.map((network) => latencyCell(network, 'virtual', random)),
      ...real.map((network) => latencyCell(network, 'real', random)),
    ],
  }
}
