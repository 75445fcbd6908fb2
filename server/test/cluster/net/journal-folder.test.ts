import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { JournalFolder } from '../../../src/cluster/net/journal-folder.ts'
import type { Keyframe, TickRecord } from '../../../src/room/standby-line.ts'

const EPOCH = { generation: 7, view: 3, k: 2 }

let dir: string
let notes: string[]
const open: JournalFolder[] = []

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'journals-'))
  notes = []
})

afterEach(async () => {
  for (const folder of open.splice(0)) await folder.close()
  rmSync(dir, { recursive: true, force: true })
})

function opened(): JournalFolder {
  const folder = new JournalFolder(dir, (event, message) => notes.push(`${event}: ${message}`))
  open.push(folder)
  return folder
}

function bytes(of: number, length = 5): Uint8Array {
  return new Uint8Array(length).fill(of)
}

function keyframe(tick: number): Keyframe {
  return { tick, about: bytes(1), journal: bytes(tick), session: bytes(2) }
}

function record(tick: number): TickRecord {
  return { tick, journal: bytes(tick), session: bytes(tick + 1) }
}

/** A room that was written up to a tick, as the shard that ran it left it. */
async function written(room: string, tick: number): Promise<string> {
  const folder = opened()
  folder.began(room, EPOCH, () => keyframe(10))
  for (let at = 11; at <= tick; at++) folder.record(room, record(at))
  await folder.close()
  return join(dir, `${room}.journal`)
}

describe('journals on disk', () => {
  it('give back the keyframe and each tick after it', async () => {
    await written('den', 13)
    const folder = opened()
    expect(folder.found).toEqual([{ id: 'den', epoch: EPOCH, tick: 13 }])
    expect(folder.load('den')).toEqual({ keyframe: keyframe(10), records: [record(11), record(12), record(13)] })
    expect(folder.load('pit')).toBeUndefined()
    expect(notes).toEqual([])
  })

  it('begin with the keyframe of the moment: what was gathered before it is in it', async () => {
    const folder = opened()
    let tick = 10
    folder.began('den', EPOCH, () => keyframe(tick))
    folder.record('den', record(11))
    tick = 11
    folder.began('den', { ...EPOCH, k: 3 }, () => keyframe(tick))
    folder.record('den', record(12))
    await folder.close()
    expect(opened().found).toEqual([{ id: 'den', epoch: { ...EPOCH, k: 3 }, tick: 12 }])
  })

  it('of a room that ended are removed, also if it runs again at once: then they are of its next life alone', async () => {
    const folder = opened()
    folder.began('den', EPOCH, () => keyframe(10))
    for (let tick = 11; tick < 40; tick++) folder.record('den', record(tick))
    folder.ended('den')
    folder.began('pit', EPOCH, () => keyframe(10))
    folder.record('pit', record(11))
    folder.ended('pit')
    folder.began('pit', { ...EPOCH, k: 9 }, () => keyframe(20))
    folder.record('pit', record(21))
    await folder.close()
    expect(readdirSync(dir)).toEqual(['pit.journal'])
    expect(opened().found).toEqual([{ id: 'pit', epoch: { ...EPOCH, k: 9 }, tick: 21 }])
    expect(notes).toEqual([])
  })

  it('of a life that is over are found again, with all that came before', async () => {
    const folder = opened()
    folder.began('den', EPOCH, () => keyframe(10))
    folder.record('den', record(11))
    folder.shelved('den')
    folder.record('den', record(12))
    folder.ended('den')
    expect(folder.found).toEqual([])
    await folder.close()
    expect(folder.found).toEqual([{ id: 'den', epoch: EPOCH, tick: 11 }])
    folder.drop('den')
    expect(readdirSync(dir)).toEqual([])
  })

  it('stay when rooms end with their server, with all that came before', async () => {
    const folder = opened()
    folder.began('den', EPOCH, () => keyframe(10))
    folder.record('den', record(11))
    folder.keep()
    folder.record('den', record(12))
    folder.ended('den')
    // Another shard that stops moved it here.
    folder.began('pit', EPOCH, () => keyframe(20))
    folder.record('pit', record(21))
    folder.ended('pit')
    await folder.close()
    expect(
      opened()
        .found.map(({ id, tick }) => `${id} ${tick}`)
        .sort(),
    ).toEqual(['den 11', 'pit 20'])
  })

  it('that are dropped are gone, unless the room runs here by now', async () => {
    const path = await written('den', 12)
    opened().drop('den')
    expect(existsSync(path)).toBe(false)
    await written('den', 12)
    const folder = opened()
    folder.began('den', { ...EPOCH, k: 4 }, () => keyframe(12))
    folder.drop('den')
    await folder.close()
    expect(opened().found).toEqual([{ id: 'den', epoch: { ...EPOCH, k: 4 }, tick: 12 }])
  })

  it('that were cut off give what is whole, and it is said; others are not touched by it', async () => {
    await written('den', 30)
    const path = await written('pit', 30)
    const whole = readFileSync(path)
    writeFileSync(path, whole.subarray(0, whole.length - 3))
    const folder = opened()
    expect(folder.found.map(({ id, tick }) => `${id} ${tick}`).sort()).toEqual(['den 30', 'pit 29'])
    expect(notes).toEqual([expect.stringMatching(/^journal-damaged: .*pit\.journal cannot be read after tick 29/)])
  })

  it('whose beginning cannot be read are of no use, and it is said; half a file that was to replace one is removed', async () => {
    await written('den', 30)
    const path = await written('pit', 30)
    const damaged = readFileSync(path)
    damaged[12] = (damaged[12] ?? 0) ^ 1
    writeFileSync(path, damaged)
    writeFileSync(join(dir, 'no room!.journal'), 'x')
    writeFileSync(join(dir, 'den.journal.new'), 'x')
    writeFileSync(join(dir, 'notes.txt'), 'x')
    expect(opened().found.map(({ id }) => id)).toEqual(['den'])
    expect(notes.sort()).toEqual([
      expect.stringMatching(/^journal-damaged: .*no room!\.journal is of no use/),
      expect.stringMatching(/^journal-damaged: .*pit\.journal is of no use/),
    ])
    expect(readdirSync(dir).sort()).toEqual(['den.journal', 'no room!.journal', 'notes.txt', 'pit.journal'])
  })

  it('of whatever bytes give ticks that were written, one after the other, or nothing, and never throw', async () => {
    const path = await written('den', 40)
    const whole = readFileSync(path)
    const damage = fc.oneof(
      fc.nat(whole.length - 1).map((at) => ({ at, put: undefined })),
      fc.tuple(fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 12 })).map(([at, put]) => ({ at, put })),
    )
    fc.assert(
      fc.property(damage, fc.nat(whole.length), ({ at, put }, end) => {
        const file = Buffer.from(whole.subarray(0, put === undefined ? end : whole.length))
        if (put === undefined) file[at % Math.max(1, file.length)] = 0xa5
        else file.set(put, at % (file.length - put.length))
        writeFileSync(path, file)
        const folder = new JournalFolder(dir, () => {})
        void folder.close()
        const stored = folder.load('den')
        if (stored === undefined) {
          expect(folder.found).toEqual([])
          return
        }
        expect(stored.keyframe).toEqual(keyframe(10))
        expect(stored.records).toEqual(stored.records.map((_, index) => record(11 + index)))
        expect(folder.found[0]?.tick).toBe(10 + stored.records.length)
      }),
      { numRuns: 150 },
    )
  })

  it('that cannot be written stop no match: it is said once', async () => {
    const folder = opened()
    folder.began('den', EPOCH, () => {
      throw new Error('no keyframe now')
    })
    for (let tick = 11; tick < 20; tick++) folder.record('den', record(tick))
    rmSync(dir, { recursive: true })
    folder.began('pit', EPOCH, () => keyframe(10))
    folder.record('pit', record(11))
    await folder.close()
    expect(notes).toEqual([
      expect.stringMatching(/^journal-failed: .*den\.journal cannot be written: Error: no keyframe now/),
      expect.stringMatching(/^journal-failed: .*pit\.journal cannot be written: .*ENOENT/),
    ])
  })
})
