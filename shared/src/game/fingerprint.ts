/**
 * The fingerprint of a game's code: two processes whose fingerprints are equal should compute equal worlds, so one may compute again what the other did.
 * Called once per process by a shard (cold).
 */
import { hashText } from '../wire/hash.ts'
import type { CompiledGame } from './compiled.ts'

/**
 * 8 hex digits: a hash of the schema and of the source text of all functions of the definition (steps, motions, `predict`, `opaque`). It does not see what
 * those call in other modules, nor the values they close over, nor the engine that runs them; and a minifier may change it without changing the game.
 * Whoever keeps helpers elsewhere gives each build an id of its own instead.
 */
export function codeFingerprint(game: CompiledGame): string {
  const sources = [game.schemaHash, ...game.code, game.predict, ...Object.values(game.opaque ?? {})].map(String)
  return hashText(JSON.stringify(sources)).toString(16).padStart(8, '0')
}
