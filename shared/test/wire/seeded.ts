/** A seeded random source for tests, and frames of mostly-zero residuals as a delta codec would code them. */
export function seeded(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x9e37_79b9) | 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0_aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a_2d97)
    return (mixed ^ (mixed >>> 15)) >>> 0
  }
}

export const FIELDS = 7
const ENTITIES = 100
/** Per field: how often it is not zero, and how large it then is. */
const RATES = [0.05, 0.05, 0.04, 0.04, 0.3, 0.05, 0.01]
const SCALES = [6, 6, 40, 40, 3, 8, 20]

/** Residuals of 100 entities by 7 fields, entity by entity; some frames are busier than others. */
export function residualFrame(random: () => number): Int32Array {
  const unit = () => (random() + 0.5) / 2 ** 32
  const frame = new Int32Array(ENTITIES * FIELDS)
  const activity = Math.exp((unit() + unit() + unit() - 1.5) * 0.8)
  for (let i = 0; i < frame.length; i++) {
    if (unit() >= (RATES[i % FIELDS] ?? 0) * activity) continue
    const size = Math.ceil(-Math.log(unit()) * (SCALES[i % FIELDS] ?? 1))
    frame[i] = unit() < 0.5 ? size : -size
  }
  return frame
}
