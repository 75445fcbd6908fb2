/** What counts as better and worse between two results of a bench, and which old files are refused. */
import { stripVTControlCharacters } from 'node:util'
import { NetError } from '@tickmesh/shared'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareResults, formatComparison, readResult } from '../src/compare.ts'
import type { QualityCell, QualityResult } from '../src/quality/quality-result.ts'
import { latencyFixture, qualityFixture } from './report-fixture.ts'

const base = qualityFixture()

/** The result with one of its cells changed. */
function withCell(result: QualityResult, at: number, change: Partial<QualityCell>): QualityResult {
  return { ...result, cells: result.cells.map((cell, index) => (index === at ? { ...cell, ...change } : cell)) }
}

function cellAt(result: QualityResult, at: number): QualityCell {
  const cell = result.cells[at]
  if (cell === undefined) throw new Error(`no cell ${at}`)
  return cell
}

/** As an old file is: without types, and with null for what JSON cannot say. */
function fromJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}

function refusal(old: unknown): NetError {
  try {
    compareResults(old, base)
  } catch (error) {
    if (error instanceof NetError) return error
    throw error
  }
  throw new Error('it was taken')
}

describe('comparing results', () => {
  it('finds nothing in a result compared with itself', () => {
    const comparison = compareResults(fromJson(base), base)
    expect(comparison).toMatchObject({
      kind: 'quality',
      changes: [],
      missing: [],
      added: [],
      settings: [],
      notCompared: [],
    })
    expect(comparison.unchanged).toBeGreaterThan(base.cells.length * 10)
  })

  it('calls more late inputs worse and more agreeing hits better', () => {
    const old = withCell(withCell(base, 3, { lateInputsPct: 0.2 }), 5, { hitAgreementPct: 98 })
    const now = withCell(withCell(base, 3, { lateInputsPct: 0.9 }), 5, { hitAgreementPct: 100 })
    const { changes } = compareResults(fromJson(old), now)
    const verdicts = changes.map(({ figure, old, now, better }) => ({ figure, old, now, better }))
    expect(verdicts).toEqual([
      { figure: 'Hit agreement', old: 98, now: 100, better: true },
      { figure: 'Late inputs', old: 0.2, now: 0.9, better: false },
    ])
    expect(changes[1]?.cell).toBe('40 ms · jitter 0 ms · loss 10 % · datagram')
  })

  it('takes a difference below the least that counts for noise, and one at it for news', () => {
    const old = fromJson(withCell(base, 3, { lateInputsPct: 0.2 }))
    expect(compareResults(old, withCell(base, 3, { lateInputsPct: 0.29 })).changes).toEqual([])
    expect(compareResults(old, withCell(base, 3, { lateInputsPct: 0.3 })).changes).toHaveLength(1)
    // The same difference of a large value is small.
    const large = fromJson(withCell(base, 3, { lateInputsPct: 20 }))
    expect(compareResults(large, withCell(base, 3, { lateInputsPct: 20.3 })).changes).toEqual([])
  })

  it('lists the largest changes first', () => {
    const weights = compareResults(fromJson(qualityFixture(8)), base).changes.map(({ weight }) => weight)
    expect(weights.length).toBeGreaterThan(10)
    expect(weights).toEqual([...weights].sort((a, b) => b - a))
    expect(Math.min(...weights)).toBeGreaterThanOrEqual(1 - 1e-9)
  })

  it('matches cells by their condition, however they are ordered', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([...base.cells], { minLength: base.cells.length }), (cells) => {
        const comparison = compareResults(fromJson({ ...base, cells }), base)
        expect(comparison).toMatchObject({ changes: [], missing: [], added: [] })
      }),
      { numRuns: 10 },
    )
  })

  it('names the cells that only one of the two has', () => {
    const { missing, added } = compareResults(fromJson({ ...base, cells: base.cells.slice(1) }), {
      ...base,
      cells: base.cells.slice(0, -1),
    })
    expect(added).toEqual(['40 ms · jitter 0 ms · loss 0 % · datagram'])
    expect(missing).toEqual(['300 ms · jitter 50 ms · loss 10 % · ordered'])
  })

  it('says which figures had no value on one side instead of comparing them', () => {
    const { disturbedHitAgreementPct: _, ...older } = cellAt(base, 0)
    const old = fromJson({ ...base, cells: [older, ...base.cells.slice(1)] })
    const now = withCell(base, 1, { hitAgreementPct: Number.NaN })
    const { notCompared, changes } = compareResults(old, now)
    expect([...notCompared].sort()).toEqual(['Hit agreement (1 cell)', 'Hit agreement, disturbed shooters (1 cell)'])
    expect(changes).toEqual([])
  })

  it('tells settings that differ', () => {
    const { settings } = compareResults(fromJson({ ...base, seed: 1, networkModel: [] }), base)
    expect(settings).toEqual(['seed 1 → 7', 'the network model'])
  })

  it('asks more of a difference between real runs than between simulated ones', () => {
    const latency = latencyFixture()
    const slower = {
      ...latency,
      cells: latency.cells.map((cell) => ({ ...cell, other: { ...cell.other, p50Ms: cell.other.p50Ms * 1.08 } })),
    }
    const { changes } = compareResults(fromJson(latency), slower)
    expect(changes).toHaveLength(latency.cells.filter(({ where }) => where === 'virtual').length)
    expect(changes.every(({ cell, better }) => cell.endsWith('virtual') && !better)).toBe(true)
  })

  it('keeps simulated and real cells of one condition apart', () => {
    const latency = latencyFixture()
    const old = { ...latency, cells: latency.cells.filter(({ where }) => where === 'virtual') }
    expect(compareResults(fromJson(old), latency).added).toHaveLength(4)
  })

  it('refuses what is no result of the same bench and version, and says why', () => {
    expect(refusal(undefined).message).toContain('no result of a bench')
    expect(refusal([base]).code).toBe('MALFORMED')
    expect(refusal(fromJson(latencyFixture())).message).toContain('its `kind` is "latency"')
    expect(refusal({ ...base, version: 2 }).message).toContain('has version 2; this bench reads version 1')
    expect(refusal({ kind: 'quality', version: 1 }).message).toContain('no `cells`')
    expect(refusal({ ...base, cells: [{ rttMs: 40 }] }).message).toContain('without its condition')
    for (const old of [null, 7, 'text', {}, { kind: 'load' }])
      expect(() => readResult(old, 'old.json')).toThrow(/MALFORMED: old\.json is no result/)
  })
})

describe('a comparison on the terminal', () => {
  const linesOf = (old: QualityResult, now: QualityResult) =>
    formatComparison(compareResults(fromJson(old), now)).map((line) => stripVTControlCharacters(line))

  it('counts, and gives each change with its old and new value', () => {
    const old = withCell(base, 3, { lateInputsPct: 0.2 })
    const lines = linesOf(old, withCell(base, 3, { lateInputsPct: 0.9 }))
    expect(lines[0]).toMatch(/^1 worse, 0 better, \d+ as before$/)
    expect(lines[1]).toBe('- worse   Late inputs  0.20 → 0.90 %  40 ms · jitter 0 ms · loss 10 % · datagram')
    expect(lines).toHaveLength(2)
  })

  it('is bounded, and says how many changes it leaves out', () => {
    const { changes } = compareResults(fromJson(qualityFixture(8)), base)
    expect(changes.length).toBeGreaterThan(40)
    expect(linesOf(qualityFixture(8), base)).toContain(`and ${changes.length - 40} more`)
  })
})
