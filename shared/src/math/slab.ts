/**
 * Where a ray crosses a slab (all points with |offset| <= half along one axis): a box is the intersection of two or three slabs.
 * Called by the box tests in 2D and 3D. Source: Kay and Kajiya 1986. Pure; hot.
 */

/** Distance at which the ray enters the slab; -Infinity if it runs inside along it, Infinity if it runs outside along it. */
export function slabEntry(offset: number, direction: number, half: number): number {
  if (direction === 0) return Math.abs(offset) <= half ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  return ((direction > 0 ? -half : half) - offset) / direction
}

/** Distance at which the ray leaves the slab; Infinity if it runs inside along it, -Infinity if it runs outside along it. */
export function slabExit(offset: number, direction: number, half: number): number {
  if (direction === 0) return Math.abs(offset) <= half ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY
  return ((direction > 0 ? half : -half) - offset) / direction
}
