import { describe, expect, it } from 'vitest'
import { median, medianRatio, numberOption, option, percentile, round } from '../src/figures.ts'
import { shortName, withoutMapComment } from '../src/size/size.ts'
import { charactersBySource, decodeVlq } from '../src/size/source-map.ts'

describe('figures', () => {
  it('takes the least value that enough of the values do not exceed', () => {
    expect(percentile([5, 1, 4, 2, 3], 0.5)).toBe(3)
    expect(percentile([5, 1, 4, 2, 3], 0.99)).toBe(5)
    expect(percentile([5, 1, 4, 2, 3], 0)).toBe(1)
    expect(median([10, 2])).toBe(2)
    expect(percentile([], 0.5)).toBeNaN()
  })

  it('compares pair by pair, so that a slow moment of the machine does not count', () => {
    expect(medianRatio([10, 50, 10], [20, 100, 20])).toBe(0.5)
    expect(medianRatio([10, 12], [10])).toBe(1)
  })

  it('reads options written in either way, and refuses numbers out of bounds', () => {
    const args = ['--hz', '60', '--rooms=7', '--json']
    expect(option(args, 'hz')).toBe('60')
    expect(option(args, 'rooms')).toBe('7')
    expect(option(args, 'pairs')).toBeUndefined()
    expect(numberOption(args, 'hz', 20, 1, 120)).toBe(60)
    expect(numberOption(args, 'pairs', 4, 1, 20)).toBe(4)
    expect(() => numberOption(args, 'hz', 20, 1, 30)).toThrow('--hz 60')
    expect(round(1.2345, 2)).toBe(1.23)
  })
})

describe('weighing a bundle', () => {
  it('reads the numbers of a source map', () => {
    expect(decodeVlq('AAAA')).toEqual([0, 0, 0, 0])
    expect(decodeVlq('IACD')).toEqual([4, 0, 1, -1])
    expect(decodeVlq('gCA')).toEqual([32, 0])
  })

  it('counts each character for the source of the mapping before it', () => {
    // From column 0 the first source, from column 4 the second, in the second line from column 2 the first again.
    const map = { sources: ['a.ts', 'b.ts'], mappings: 'AAAA,ICAA;EDAA' }
    expect([...charactersBySource('aaaabbb\nbbaa', map)]).toEqual([
      ['a.ts', 4 + 3],
      ['b.ts', 3 + 1 + 2],
    ])
  })

  it('names modules alike on every machine', () => {
    expect(shortName('/some/where/node_modules/msgpackr/pack.js')).toBe('msgpackr/pack.js')
    expect(shortName('../../../../shared/src/wire/hash.ts')).toBe('shared/src/wire/hash.ts')
    expect(withoutMapComment('let a\n//# sourceMappingURL=a.js.map\n')).toBe('let a')
  })
})
