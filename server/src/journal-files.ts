/**
 * Journals as files: one per room in one folder. Made by `serve` if the option `record` is set. A disk that cannot follow, or fails, ends the recording
 * with a line in the log; no match waits for it.
 */
import { createWriteStream, existsSync, mkdirSync, type WriteStream } from 'node:fs'
import { join } from 'node:path'
import { type JournalSink, NetError } from '@tickmesh/shared'
import type { Log } from './ops/log-line.ts'
import type { Recording } from './room/journal-recorder.ts'

/** Bytes that may wait for the disk. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024
/** Longest part of a room's id in a file's name. */
const MAX_ROOM_LENGTH = 64
/** Journals hold secrets (seeds, fields that no client may see): they are their operator's alone. */
const OWNER_ONLY = 0o600

export class JournalFiles {
  private readonly dir: string
  private readonly log: Log
  private readonly open = new Set<Promise<void>>()

  /** Makes the folder if it is not there. Throws BAD_ARGUMENT if it cannot. */
  constructor(dir: string, log: Log) {
    this.dir = dir
    this.log = log
    try {
      mkdirSync(dir, { recursive: true })
    } catch (error) {
      const problem = `the folder "${dir}" for recordings cannot be made (${error instanceof Error ? error.message : error}).`
      throw new NetError('BAD_ARGUMENT', problem, 'Give record.dir a folder that can be written.')
    }
  }

  /** A new file for a room. */
  record(room: string, now: Date): Recording {
    const startedAt = now.toISOString()
    const stem = `${room.replaceAll(/[^A-Za-z0-9_-]/g, '_').slice(0, MAX_ROOM_LENGTH)}-${startedAt.replaceAll(/[:.]/g, '-')}`
    let path = join(this.dir, `${stem}.tickmesh`)
    for (let n = 2; existsSync(path); n++) path = join(this.dir, `${stem}-${n}.tickmesh`)
    const file = new JournalFile(path, room, this.log)
    this.open.add(file.closed)
    void file.closed.then(() => this.open.delete(file.closed))
    return { sink: file, startedAt }
  }

  /** Resolves when all that was written is in the files. */
  async close(): Promise<void> {
    await Promise.all(this.open)
  }
}

class JournalFile implements JournalSink {
  /** Resolves when the file is closed, for whatever reason. */
  readonly closed: Promise<void>
  private readonly stream: WriteStream
  private readonly path: string
  private readonly room: string
  private readonly log: Log
  private stopped = false

  constructor(path: string, room: string, log: Log) {
    this.path = path
    this.room = room
    this.log = log
    this.stream = createWriteStream(path, { flags: 'wx', mode: OWNER_ONLY })
    this.stream.on('error', (error) => this.stop(error.message))
    this.closed = new Promise((resolve) => this.stream.once('close', resolve))
  }

  write(bytes: Uint8Array): void {
    if (this.stopped) return
    if (this.stream.writableLength + bytes.length <= MAX_WAITING_BYTES) this.stream.write(bytes)
    else this.stop(`the disk does not follow: ${this.stream.writableLength} bytes wait`)
  }

  end(): void {
    if (!this.stopped) this.stream.end()
    this.stopped = true
  }

  private stop(problem: string): void {
    if (this.stopped) return
    this.stopped = true
    this.stream.end()
    const message = `the recording "${this.path}" ended: ${problem}. The match goes on.`
    this.log({ level: 'error', event: 'recording-failed', message, room: this.room })
  }
}
