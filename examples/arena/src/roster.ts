/** What a player says of itself on joining, checked on the server; and the names of bots. */

export interface JoinOptions {
  readonly name: string
  readonly bot: boolean
}

const MAX_NAME_LENGTH = 14

/** A name that can be shown: no control or invisible characters, at most 14 long, never empty. */
export function cleanName(name: string): string {
  const shown = name
    .normalize('NFC')
    .replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '')
    .replaceAll(/\s+/g, ' ')
    .trim()
  return [...shown].slice(0, MAX_NAME_LENGTH).join('').trim() || 'Guest'
}

/** Whatever a client sent at its join, made safe. */
export function parseJoin(options: unknown): JoinOptions {
  const given: { readonly name?: unknown; readonly bot?: unknown } =
    typeof options === 'object' && options !== null ? options : {}
  return { name: cleanName(typeof given.name === 'string' ? given.name : ''), bot: given.bot === true }
}

export const botNames: readonly string[] = [
  'Vex',
  'Juno',
  'Rook',
  'Nyx',
  'Halo',
  'Ember',
  'Pike',
  'Quill',
  'Onyx',
  'Wren',
  'Flint',
  'Sable',
  'Dart',
  'Lyra',
]
