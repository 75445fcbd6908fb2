/**
 * A condition of the network as both benches have it: how it is called and how cells are put in order. Pure.
 * Used by the comparison, the report's sections, and the page itself.
 */
import type { Condition } from '../lab/conditions.ts'
import type { LinkKind } from '../quality/quality-result.ts'

export interface CellCondition extends Condition {
  /** Of latency only: simulated, or over real sockets. */
  readonly where?: 'virtual' | 'real'
}

export function conditionLabel({ rttMs, jitterMs, lossPct, link, where }: CellCondition): string {
  const network = `${rttMs} ms · jitter ${jitterMs} ms · loss ${lossPct} % · ${link}`
  return where === undefined ? network : `${network} · ${where}`
}

/** Equal for equal conditions, whatever else the cells hold. */
export function conditionKey({ rttMs, jitterMs, lossPct, link, where }: CellCondition): string {
  return [link, rttMs, jitterMs, lossPct, where ?? ''].join('/')
}

export const LINKS: readonly LinkKind[] = ['datagram', 'ordered']

/** The different values, rising. */
export function levels(values: readonly number[]): number[] {
  return [...new Set(values)].sort((a, b) => a - b)
}
