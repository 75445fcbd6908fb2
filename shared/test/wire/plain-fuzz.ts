/** Random values for fuzzing parsers of decoded control messages: mostly plain data, sometimes what no peer should send. */
import { copyPlain } from '../../src/wire/plain-data.ts'

const KEYS = [
  'a',
  'b',
  'c',
  'set',
  'unset',
  'in',
  't',
  '__proto__',
  'constructor',
  'prototype',
  'hasOwnProperty',
  '',
  'x'.repeat(200),
]
const STRANGE: readonly unknown[] = [
  undefined,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  10n,
  Symbol.iterator,
  () => 1,
  new Date(0),
  new Map([[1, 2]]),
  new Uint8Array(3),
]
const PLAIN: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -0,
  1,
  -1,
  0.5,
  63,
  64,
  1000,
  2 ** 31,
  2 ** 32,
  2 ** 60,
  '',
  'a',
  'hello',
  'main',
  'y'.repeat(2000),
]

/** A value at most `depth` deep. Own `__proto__` properties among it are real properties, as a careless decoder would make them. */
export function strangeValue(random: () => number, depth: number): unknown {
  const kind = random() % 10
  if (kind === 0) return STRANGE[random() % STRANGE.length]
  if (kind < 6 || depth === 0) return PLAIN[random() % PLAIN.length]
  const count = random() % 4
  if (kind < 8) return Array.from({ length: count }, () => strangeValue(random, depth - 1))
  const made: Record<string, unknown> = kind === 8 ? Object.create(null) : {}
  for (let i = 0; i < count; i++) put(made, KEYS[random() % KEYS.length] ?? '', strangeValue(random, depth - 1))
  return made
}

function put(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true })
}

/** A copy of `value` in which one to three places differ: replaced, removed, or named anew. */
export function mutated(random: () => number, value: unknown): unknown {
  const copy: { root: unknown } = { root: copyPlain(value) }
  for (let times = 1 + (random() % 3); times > 0; times--) mutateOnce(random, copy)
  return copy.root
}

function mutateOnce(random: () => number, copy: { root: unknown }): void {
  let holder: object = copy
  let key = 'root'
  for (;;) {
    const there: unknown = Reflect.get(holder, key)
    const keys = typeof there === 'object' && there !== null && !ArrayBuffer.isView(there) ? Object.keys(there) : []
    if (keys.length === 0 || random() % 4 === 0) break
    holder = there as object
    key = keys[random() % keys.length] ?? ''
  }
  const kind = holder === copy ? 0 : random() % 4
  if (kind === 1) Reflect.deleteProperty(holder, key)
  else
    put(
      holder,
      kind === 2 && !Array.isArray(holder) ? (KEYS[random() % KEYS.length] ?? '') : key,
      strangeValue(random, 3),
    )
}
