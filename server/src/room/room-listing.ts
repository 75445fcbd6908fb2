/**
 * What a game says of a room for the cluster's lobby: shown to those who look for one, and for filters. Kept by the room core, set by rules, read by whoever
 * keeps the list (cluster/net/room-lister.ts). Pure.
 */
import { encodeControl, NetError } from '@tickmesh/shared'

type ListedValue = string | number | boolean

export interface RoomListing {
  /** `closed`: nobody should come any more, such as when the match has begun. Left out: as its seats say. */
  readonly state?: 'open' | 'closed'
  /** Flat: `mode`, `region`, `skill`, `code` and whatever else one may look for. */
  readonly attributes?: Readonly<Record<string, ListedValue>>
}

const MAX_ATTRIBUTES = 32
const MAX_NAME_LENGTH = 40
const MAX_TEXT_LENGTH = 120
/** Of all names and values, packed: what the lobby takes of one room. */
const MAX_BYTES = 900

/** `change` merged into what was said before. Throws BAD_ARGUMENT for what the lobby does not take. */
export function checkedListing(before: RoomListing | undefined, change: RoomListing): RoomListing {
  const attributes = { ...before?.attributes, ...change.attributes }
  const entries = Object.entries(attributes)
  const bad = entries.find(([name, value]) => !isListed(name, value))
  if (bad !== undefined) {
    throw new NetError('BAD_ARGUMENT', `"${bad[0]}" cannot be listed.`, 'List short texts, finite numbers, booleans.')
  }
  const bytes = encodeControl(attributes).length
  if (entries.length > MAX_ATTRIBUTES || bytes > MAX_BYTES) {
    const problem = `${entries.length} attributes of ${bytes} bytes are too much for a room's listing.`
    throw new NetError('BAD_ARGUMENT', problem, `List at most ${MAX_ATTRIBUTES}, of ${MAX_BYTES} bytes packed.`)
  }
  const state = change.state ?? before?.state
  return { ...(state === undefined ? {} : { state }), attributes }
}

/** What of a room's creation its listing begins with: what can be listed, as much as fits. */
export function firstListing(created: Readonly<Record<string, unknown>> = {}): RoomListing | undefined {
  let listing: RoomListing | undefined
  for (const [name, value] of Object.entries(created).slice(0, MAX_ATTRIBUTES)) {
    if (!isListed(name, value)) continue
    const attributes = { ...listing?.attributes, [name]: value }
    if (encodeControl(attributes).length <= MAX_BYTES) listing = { attributes }
  }
  return listing
}

function isListed(name: string, value: unknown): value is ListedValue {
  if (name === '' || name.length > MAX_NAME_LENGTH) return false
  if (typeof value === 'string') return value.length <= MAX_TEXT_LENGTH
  return typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))
}
