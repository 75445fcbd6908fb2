/**
 * What must survive a restart of the process: the newest view that was installed or voted for. Called by the shell; written before anything else is sent, so
 * that no vote is forgotten: the file is whole at any moment, and on the disk when `write` returns.
 */
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { NetError } from '@tickmesh/shared'
import { parseMemory } from '../view/view-messages.ts'
import type { ViewMemory } from '../view/views-api.ts'

export class ViewFile {
  readonly #folder: string
  readonly #path: string

  constructor(folder: string, cluster: string) {
    this.#folder = folder
    this.#path = join(folder, `${cluster}.view.json`)
  }

  /** Undefined: there is none yet. Throws BAD_STATE for a file that is damaged. */
  read(): ViewMemory | undefined {
    mkdirSync(this.#folder, { recursive: true })
    if (!existsSync(this.#path)) return undefined
    const memory = parseText(readFileSync(this.#path, 'utf8'))
    if (memory !== undefined) return memory
    throw new NetError(
      'BAD_STATE',
      `${this.#path} is damaged.`,
      'If the other shards of this cluster run, or all of them are started anew, remove it.',
    )
  }

  write(memory: ViewMemory): void {
    const next = `${this.#path}.next`
    const file = openSync(next, 'w', 0o600)
    try {
      writeSync(file, `${JSON.stringify(memory)}\n`)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(next, this.#path)
    const folder = openSync(this.#folder, 'r')
    try {
      fsyncSync(folder)
    } finally {
      closeSync(folder)
    }
  }
}

function parseText(text: string): ViewMemory | undefined {
  try {
    return parseMemory(JSON.parse(text))
  } catch {
    return undefined
  }
}
