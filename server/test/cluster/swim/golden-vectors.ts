/** What a real Serf agent sent (Debian's 0.9.4), as bytes. Used by the codec's tests and by those of the keyring. */
import { readFileSync } from 'node:fs'

const file = new URL('memberlist-golden-vectors.json', import.meta.url)
const vectors: Record<string, string> = JSON.parse(readFileSync(file, 'utf8'))

export function golden(name: string): Uint8Array {
  const hex = vectors[name]
  if (hex === undefined) throw new Error(`no golden vector ${name}`)
  return Uint8Array.from(Buffer.from(hex, 'hex'))
}
