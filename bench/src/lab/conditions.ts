/**
 * The conditions of the network under which the benches play: the grid, and what each condition means for a path.
 *
 * A round trip of R and a jitter of J: each direction delays by R / 2, and each packet by 0 to J more, uniformly and by itself, so that packets overtake
 * each other (`exponential`: mean J / 2, cut at six times that). A loss of L: each direction loses L percent of its packets, in bursts of mean 3
 * (two-state Gilbert model); on an ordered link a loss is a stall of at least 200 ms more than the packet's own delay.
 */
import type { ImpairmentOptions } from '@tickmesh/shared'
import type { LinkKind } from '../quality/quality-result.ts'

export interface Condition {
  readonly rttMs: number
  readonly jitterMs: number
  readonly lossPct: number
  readonly link: LinkKind
}

export type JitterShape = 'uniform' | 'exponential'

const LOSS_BURST = 3
const RETRANSMIT_MS = 200

const RTTS = [40, 100, 200, 300]
const JITTERS = [0, 20, 50]
const LOSSES = [0, 2, 5, 10]
const LINKS: readonly LinkKind[] = ['datagram', 'ordered']

/** The grids by name: `full` has 96 conditions; `small` has 12, of which most are on datagram links, for which there are targets. */
export function gridOf(name: string): readonly Condition[] {
  if (name === 'full') return product(LINKS, RTTS, JITTERS, LOSSES)
  if (name === 'small')
    return [...product(['datagram'], [40, 200], [0, 50], [0, 5]), ...product(['ordered'], [100], [0, 50], [0, 5])]
  throw new Error(`--grid ${name}: give full or small.`)
}

function product(
  links: readonly LinkKind[],
  rtts: readonly number[],
  jitters: readonly number[],
  losses: readonly number[],
): Condition[] {
  return links.flatMap((link) =>
    rtts.flatMap((rttMs) =>
      jitters.flatMap((jitterMs) => losses.map((lossPct) => ({ rttMs, jitterMs, lossPct, link }))),
    ),
  )
}

/** One direction of the path, without a seed. */
export function directionOf(condition: Condition, shape: JitterShape): ImpairmentOptions {
  const { rttMs, jitterMs, lossPct } = condition
  return {
    delayMs: rttMs / 2,
    jitterMs: jitterMs / 2,
    jitterShape: shape,
    retransmitMs: RETRANSMIT_MS,
    ...(lossPct === 0 ? {} : { loss: lossPct / 100, lossBurst: LOSS_BURST }),
  }
}

/** In words, for whoever reads the figures. */
export function networkModelText(shape: JitterShape): readonly string[] {
  return [
    shape === 'uniform'
      ? 'jitter J: each packet of each direction is delayed by 0 to J ms more, uniformly and by itself'
      : 'jitter J: each packet of each direction is delayed by an exponential time of mean J / 2 more, cut at six times that',
    `loss: in each direction, in bursts of mean ${LOSS_BURST} packets (two-state Gilbert model)`,
    `ordered links: a loss stalls everything behind it by at least ${RETRANSMIT_MS} ms, doubled for each repeated loss`,
  ]
}

export function nameOf({ rttMs, jitterMs, lossPct, link }: Condition): string {
  return `${link} ${rttMs} ms, jitter ${jitterMs} ms, loss ${lossPct} %`
}

/** A condition as `nameOf` has it in short: "datagram 100 50 5". */
export function conditionOf(text: string): Condition {
  const [link, rtt, jitter, loss] = text.trim().split(/\s+/)
  const condition = { rttMs: Number(rtt), jitterMs: Number(jitter), lossPct: Number(loss) }
  if ((link !== 'datagram' && link !== 'ordered') || Object.values(condition).some((value) => !(value >= 0)))
    throw new Error(`--only ${text}: give link, round trip, jitter and loss, such as "datagram 100 50 5".`)
  return { ...condition, link }
}

export function jitterShapeOf(text: string): JitterShape {
  if (text === 'uniform' || text === 'exponential') return text
  throw new Error(`--jitter-shape ${text}: give uniform or exponential.`)
}
