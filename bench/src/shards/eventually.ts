/** Waiting for what processes do: by looking, as nothing tells of it. */
import { setTimeout as wait } from 'node:timers/promises'

const PATIENCE_MS = 20_000
const LOOK_MS = 10

/** Throws if it is not so in time. */
export async function eventually(
  what: string,
  isSo: () => boolean | undefined,
  patienceMs = PATIENCE_MS,
): Promise<void> {
  const untilMs = performance.now() + patienceMs
  while (isSo() !== true) {
    if (performance.now() > untilMs) throw new Error(`waited ${patienceMs} ms for ${what}`)
    await wait(LOOK_MS)
  }
}
