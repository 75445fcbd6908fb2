/** The worked example in PROTOCOL.md is what the code does today. To mend the text after a change of the wire, take the blocks from `vectors()`. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { WEBSOCKET_CLOSE_CODES } from '../../src/link/close-codes.ts'
import { LEARNING_RATES } from '../../src/wire/bit-model.ts'
import { hashText } from '../../src/wire/hash.ts'
import { PROTOCOL_VERSION } from '../../src/wire/message-kind.ts'
import { RESIDUAL_CONTEXTS } from '../../src/wire/residual-coder.ts'
import { makeLayout } from '../../src/wire/snapshot-layout.ts'
import { tiny, vectors } from './protocol-vectors.ts'

const text = readFileSync(new URL('../../../PROTOCOL.md', import.meta.url), 'utf8')

/** Blocks are broken into lines as they fit. */
function oneLine(block: string): string {
  return block.trim().replace(/\s+/g, ' ')
}

const printed = new Map(
  [...text.matchAll(/^```text ([a-z-]+)\n(.*?)^```$/gms)].map(([, name = '', block = '']) => [name, oneLine(block)]),
)

it('prints the bytes and steps of the worked example as the code makes them', () => {
  const made = vectors()
  expect([...printed.keys()].sort()).toEqual([...made.keys()].sort())
  for (const [name, block] of made) expect(printed.get(name), name).toBe(oneLine(block))
})

it('prints a schema text whose hash is the one in the hello', () => {
  expect(hashText(printed.get('schema') ?? '')).toBe(tiny.schemaHash)
})

it('gives the numbers of models and rates, the version and the hash of `a` as they are', () => {
  const { sharedModels, tailModels, ageModels, modelCount } = makeLayout(tiny)
  expect(text).toContain(
    `*shared* has ${sharedModels} models, *tail* ${tailModels}, *age* ${ageModels}: ${modelCount.toLocaleString('en')} in all`,
  )
  expect(text).toContain(
    `first rates are ${LEARNING_RATES.slice(0, 8).join(', ')}; rate(255) is ${LEARNING_RATES[255]}.`,
  )
  expect(text).toContain(`in ${RESIDUAL_CONTEXTS} models from c on`)
  expect(text).toContain(`Protocol version ${PROTOCOL_VERSION}.`)
  expect(text).toContain(`That of \`a\` is ${hashText('a')}.`)
})

it('names every close code, in its place', () => {
  const [, first = ''] = /\| 4000 – 4008 \|(.*?)\| mistakes/.exec(text) ?? []
  expect(first.match(/[A-Z_]+/g)).toEqual(Object.keys(WEBSOCKET_CLOSE_CODES).slice(0, 9))
  for (const [name, code] of Object.entries(WEBSOCKET_CLOSE_CODES))
    if (code > 4008) expect(text).toContain(`| ${code} | \`${name}\` |`)
})

it('keeps every link within it', () => {
  const anchors = new Set(
    [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
      title
        .toLowerCase()
        .replace(/[^a-z0-9 -]/g, '')
        .replace(/ /g, '-'),
    ),
  )
  for (const [, anchor = ''] of text.matchAll(/\]\(#([^)]*)\)/g)) expect(anchors).toContain(anchor)
})
