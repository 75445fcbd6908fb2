/**
 * Keys of what a step makes: an entity or event is named by who made it, by which press (or in which tick), and the how many-eth it is.
 * Server and predicting client compute the same key, so the predicted rocket *is* the server's rocket.
 * Bits of a key: 1 | seat 10 | made by a press 1 | press total or tick 14 | ordinal 4; positive, and above all counted ids.
 */
export const KEY_ORDINALS = 16

/** The key, or 0 if `ordinal` is past the last one that a key can hold. `seat` is 0 to 1,023. */
export function makeKey(seat: number, byPress: boolean, pressOrTick: number, ordinal: number): number {
  if (ordinal >= KEY_ORDINALS) return 0
  return 2 ** 30 + seat * 2 ** 19 + (byPress ? 2 ** 18 : 0) + (pressOrTick % 2 ** 14) * KEY_ORDINALS + ordinal
}

/** The seat in a key; 0 for counted ids. */
export function seatOfKey(key: number): number {
  return key >= 2 ** 30 ? (key >> 19) & 1023 : 0
}
