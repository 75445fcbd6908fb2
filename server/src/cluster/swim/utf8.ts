/**
 * UTF-8 without the types of a browser or of Node. Pure; called for names and tags on memberlist's wire, which are nearly always ASCII.
 * Never throws: what is not well-formed is refused, not mended, so that no two names become one.
 */

/** Undefined: not UTF-8. */
export function readUtf8(bytes: Uint8Array, from = 0, end = bytes.length): string | undefined {
  let text = ''
  for (let at = from; at < end; at++) {
    const byte = bytes[at] ?? 0
    if (byte > 127) return readEscaped(bytes, from, end)
    text += String.fromCharCode(byte)
  }
  return text
}

function readEscaped(bytes: Uint8Array, from: number, end: number): string | undefined {
  let escaped = ''
  for (let at = from; at < end; at++) escaped += `%${(256 + (bytes[at] ?? 0)).toString(16).slice(1)}`
  try {
    // As strict as RFC 3629: no overlong forms, no surrogates, nothing over U+10FFFF.
    return decodeURIComponent(escaped)
  } catch {
    return undefined
  }
}

/** Half a surrogate pair becomes U+FFFD. */
export function writeUtf8(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit > 127) return writeEscaped(text)
    bytes[i] = unit
  }
  return bytes
}

function writeEscaped(text: string): Uint8Array {
  const whole = Array.from(text, (character) => (/^[\ud800-\udfff]$/.test(character) ? '\ufffd' : character)).join('')
  const escaped = encodeURIComponent(whole).replace(/%(..)/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Uint8Array.from(escaped, (character) => character.charCodeAt(0))
}
