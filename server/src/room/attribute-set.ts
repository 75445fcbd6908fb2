/**
 * Attributes of a room or of a player: what they are now, and what the clients were told last. Changes are told once per tick, as a patch.
 */
import {
  type AttributePatch,
  copyPlain,
  diffAttributes,
  encodeControl,
  NetError,
  type PlainObject,
} from '@tickmesh/shared'

/** What the attributes of one player, or of a room, may take on the wire: a welcome carries those of 32 players. */
const MAX_ATTRIBUTE_BYTES = 6_144

export class AttributeSet {
  now: Readonly<PlainObject>
  /** True if `now` may differ from what was told. */
  changed = false
  private told: Readonly<PlainObject>

  constructor(initial: Readonly<Record<string, unknown>>) {
    this.told = copyPlain(initial) as PlainObject
    this.now = this.told
  }

  /** Replaces the top-level properties that `patch` has. Throws BAD_ARGUMENT if they are not plain data, or too large all together. */
  merge(patch: Readonly<Record<string, unknown>>): void {
    diffAttributes({}, patch)
    const next = { ...this.now, ...(copyPlain(patch) as PlainObject) }
    const bytes = encodeControl(next).length
    if (bytes > MAX_ATTRIBUTE_BYTES) {
      const problem = `attributes would take ${bytes} bytes, at most ${MAX_ATTRIBUTE_BYTES} are allowed.`
      throw new NetError('BAD_ARGUMENT', problem, 'Send large data as messages, in pieces.')
    }
    this.now = next
    this.changed = true
  }

  /** Goes on from what another shard told the clients. */
  adopt(known: Readonly<Record<string, unknown>>): void {
    this.told = copyPlain(known) as PlainObject
    this.now = this.told
    this.changed = false
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
