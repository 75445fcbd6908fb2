/** Codes to be read out to friends, of rooms and parties. Pure. */

/** Without letters and digits that look alike. */
const LETTERS = 'ABCDEFGHJKMNPQRSTUVWXYZ23456789'

/** `random` gives 32 bits. */
export function drawCode(random: () => number, length: number): string {
  let code = ''
  while (code.length < length) code += LETTERS[(random() >>> 0) % LETTERS.length] ?? ''
  return code
}
