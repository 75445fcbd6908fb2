/** Journals as files of a served game, on a real disk and a real clock. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CONTROL, encodeControl, openJournal, PROTOCOL_VERSION, Replay } from '@tickmesh/shared'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { type LogLine, serve } from '../src/index.ts'
import { JournalFiles } from '../src/journal-files.ts'
import { walkerRules, walkers } from './test-game.ts'

describe('a server that records', () => {
  let dir: string
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'tickmesh-journal-'))
  })
  afterEach(() => rmSync(dir, { recursive: true, force: true }))

  it('writes a file per room, for its operator alone, that is whole when close() returns', async () => {
    const folder = join(dir, 'made', 'by it')
    const server = await serve(walkers, walkerRules, { host: '127.0.0.1', log: () => {}, record: { dir: folder } })
    const hello = {
      t: 'hello',
      protocol: PROTOCOL_VERSION,
      game: walkers.id,
      schema: walkers.schemaHash,
      room: 'den',
    }
    const ws = new WebSocket(server.url)
    await new Promise((resolve) => ws.once('open', resolve))
    ws.send(Buffer.concat([Buffer.from([CONTROL]), encodeControl(hello)]))
    await expect.poll(() => server.rooms.get('den')?.tick ?? 0).toBeGreaterThan(20)
    await server.close()
    const [name = '', ...others] = readdirSync(folder)
    expect(others).toEqual([])
    expect(name).toMatch(/^den-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}Z\.tickmesh$/)
    expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600)
    const replay = new Replay(openJournal(new Uint8Array(readFileSync(join(folder, name))), walkers))
    replay.seek(1e9)
    expect(replay.tick).toBeGreaterThan(20)
    expect(replay.journal.head.room).toBe('den')
  })

  it('gives two rooms of one name and moment a file each', async () => {
    const files = new JournalFiles(dir, () => {})
    const now = new Date(0)
    for (const room of ['a/b', 'a.b']) {
      const { sink } = files.record(room, now)
      sink.write(Uint8Array.of(1))
      await expect.poll(() => readdirSync(dir).length).toBeGreaterThan(0)
      sink.end()
    }
    await files.close()
    expect(readdirSync(dir).sort()).toEqual([
      'a_b-1970-01-01T00-00-00-000Z-2.tickmesh',
      'a_b-1970-01-01T00-00-00-000Z.tickmesh',
    ])
  })

  it('ends a recording that the disk does not follow, or refuses, with one line in the log', async () => {
    const lines: LogLine[] = []
    const files = new JournalFiles(dir, (line) => lines.push(line))
    const { sink } = files.record('slow', new Date(0))
    for (let n = 0; n < 40; n++) sink.write(new Uint8Array(1024 * 1024))
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatchObject({
      event: 'recording-failed',
      room: 'slow',
      message: expect.stringContaining('does not follow'),
    })
    sink.end()
    await files.close()
    rmSync(dir, { recursive: true })
    const gone = files.record('gone', new Date(0))
    gone.sink.write(Uint8Array.of(1))
    await files.close()
    gone.sink.write(Uint8Array.of(1))
    gone.sink.end()
    expect(lines).toHaveLength(2)
    expect(lines[1]?.message).toContain('ENOENT')
  })

  it('says what is wrong with a folder that cannot be one', async () => {
    const file = join(dir, 'file')
    writeFileSync(file, '')
    const failing = serve(walkers, walkerRules, { host: '127.0.0.1', record: { dir: join(file, 'below') } })
    await expect(failing).rejects.toMatchObject({ code: 'BAD_ARGUMENT' })
    await expect(failing).rejects.toThrow('record.dir')
  })
})
