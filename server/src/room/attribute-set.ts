/**
 * Attributes of a room or of a player: what they are now, and what the clients were told last. Changes are told once per tick, as a patch.
 */
import { type AttributePatch, copyPlain, diffAttributes, type PlainObject } from '@tickmesh/shared'

export class AttributeSet {
  now: Readonly<PlainObject>
  /** True if `now` may differ from what was told. */
  changed = false
  private told: Readonly<PlainObject>

  constructor(initial: Readonly<Record<string, unknown>>) {
    this.told = copyPlain(initial) as PlainObject
    this.now = this.told
  }

  /** Replaces the top-level properties that `patch` has. Throws BAD_ARGUMENT if they are not plain data. */
  merge(patch: Readonly<Record<string, unknown>>): void {
    diffAttributes({}, patch)
    this.now = { ...this.now, ...(copyPlain(patch) as PlainObject) }
    this.changed = true
  }

  /** What changed since the last call, or undefined. */
  takePatch(): AttributePatch | undefined {
    if (!this.changed) return undefined
    this.changed = false
    const patch = diffAttributes(this.told, this.now)
    this.told = this.now
    return patch
  }

  /** As the clients know it: without what is told later. */
  get known(): Readonly<PlainObject> {
    return this.told
  }
}
