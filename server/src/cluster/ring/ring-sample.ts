/** Where example rooms would lie, and whose they would be: for pictures of the ring. Pure. Asked by the dashboard, once per view. */
import type { Life } from '../life.ts'
import type { View } from '../view/view.ts'
import { makeRing, type TextHash } from './ring.ts'

/** Ascending by place, 0 to 1 on the circle. */
export function sampleRing(
  view: View,
  hash: TextHash,
  count: number,
): readonly (readonly [place: number, life: Life])[] {
  const ring = makeRing(view, hash)
  const sample = Array.from({ length: count }, (_, at) => {
    const id = `example-${at}`
    return [(hash(id) >>> 0) / 2 ** 32, ring.homeOf(id)] as const
  })
  return sample.sort(([a], [b]) => a - b)
}
