import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const folder = new URL('../../src/math/', import.meta.url)
/** Fixed to the bit by ECMAScript, and constants. */
const allowed = new Set(['abs', 'floor', 'imul', 'max', 'min', 'sqrt', 'LN2', 'LOG2E', 'PI', 'SQRT2'])

test('shared/src/math uses only operations that every engine must round alike', () => {
  const offences: string[] = []
  const files = readdirSync(folder).filter((name) => name.endsWith('.ts'))
  for (const name of files) {
    const code = readFileSync(new URL(name, folder), 'utf8')
      .replace(/\/\*[\s\S]*?\*\//g, '')
      .replace(/\/\/.*/g, '')
    for (const [, member] of code.matchAll(/\bMath\.(\w+)/g)) {
      if (!allowed.has(member ?? '')) offences.push(`${name}: Math.${member}`)
    }
    if (/\*\*/.test(code)) offences.push(`${name}: **`)
    if (/ % /.test(code)) offences.push(`${name}: %`)
  }
  expect(files.length).toBeGreaterThan(10)
  expect(offences).toEqual([])
})
