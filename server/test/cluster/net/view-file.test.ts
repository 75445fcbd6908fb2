import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ViewFile } from '../../../src/cluster/net/view-file.ts'

const memory = { generation: 7, number: 3, voterNames: ['a', 'b', 'c'], nextVoterNames: ['a', 'b'] }

describe('the file of the newest view', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'view-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  it('gives back all that was written, a vote that was not decided yet included', () => {
    const file = new ViewFile(folder, 'arena')
    expect(file.read()).toBeUndefined()
    file.write(memory)
    expect(new ViewFile(folder, 'arena').read()).toEqual(memory)
    expect(new ViewFile(folder, 'another').read()).toBeUndefined()
  })

  it.each(['', '{', '[]', '{"generation":1}', '{"generation":1,"number":1,"voterNames":[1]}'])(
    'stops the start if it is damaged: %s',
    (text) => {
      writeFileSync(join(folder, 'arena.view.json'), text)
      expect(() => new ViewFile(folder, 'arena').read()).toThrow('BAD_STATE')
    },
  )
})
