/** CRC-32 (IEEE 802.3, as in zip and PNG): the check of each record of a journal. Pure; once per record on both sides. */

const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ ((crc & 1) === 1 ? 0xedb8_8320 : 0)
  return crc
})

/** The CRC-32 of `bytes[from]` to `bytes[to - 1]`, unsigned. */
export function crc32(bytes: Uint8Array, from: number, to: number): number {
  let crc = -1
  for (let at = from; at < to; at++) crc = (crc >>> 8) ^ (TABLE[(crc ^ (bytes[at] ?? 0)) & 255] ?? 0)
  return ~crc >>> 0
}
