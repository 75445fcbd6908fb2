/**
 * Ticks as 16 bits: the tick with these low bits that is nearest to one the receiver expects. Used by heads of frames and of input messages (hot).
 * Within 32,768 ticks of the expected one (over two minutes at 240 Hz) the answer is the tick that was sent. It may be negative: the caller judges.
 */
export function nearTick(low16: number, expected: number): number {
  return expected + (((low16 - expected) << 16) >> 16)
}
