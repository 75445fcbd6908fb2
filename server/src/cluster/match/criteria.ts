/** What somebody who wants to play looks for, and how well a room suits. Pure. */
import { isLobbyAttributes, isRecord, isText, type LobbyAttributes } from '@tickmesh/shared'
import type { ListedRoom } from '../lobby/lobby-api.ts'

export interface Seeker {
  /** Kept together: one seat each. At most a room's seats. */
  readonly players: readonly SeekingPlayer[]
  /** What the room's attributes must be; a room that is made gets them. */
  readonly attributes: Readonly<Record<string, string | number | boolean>>
  /** The party's mean. Rooms whose attribute `skill` is nearest come first; none further away than `skillRange`. */
  readonly skill: number | undefined
  readonly skillRange: number
}

export interface SeekingPlayer {
  readonly id: string
  /** Plain data: seen by the game as `player.identity`. */
  readonly identity: unknown
}

const MAX_PARTY = 64
const MAX_TEXT = 64
const DEFAULT_SKILL_RANGE = 300

/** Higher is better; undefined: it does not suit. `taken`: seats that are promised and do not show in the listing yet. */
export function suitability(room: ListedRoom, seeker: Seeker, taken: number): number | undefined {
  const free = room.maxPlayers - room.players - taken
  if (room.state !== 'open' || free < seeker.players.length || room.attributes.private === true) return undefined
  for (const [name, value] of Object.entries(seeker.attributes)) if (room.attributes[name] !== value) return undefined
  const fullness = (room.players + taken) / room.maxPlayers
  const { skill } = room.attributes
  if (seeker.skill === undefined || typeof skill !== 'number') return fullness
  const distance = Math.abs(skill - seeker.skill)
  // Whom one plays with counts for more than how full it is.
  return distance > seeker.skillRange ? undefined : fullness + 2 * (1 - distance / (seeker.skillRange + 1))
}

/** Undefined: it is none. */
export function parseSeeker(value: unknown): Seeker | undefined {
  if (!isRecord(value)) return undefined
  const { players, attributes = {}, skill, skillRange = DEFAULT_SKILL_RANGE } = value
  if (!Array.isArray(players) || players.length === 0 || players.length > MAX_PARTY) return undefined
  const seeking: SeekingPlayer[] = []
  for (const player of players) {
    if (!isRecord(player) || !isText(player.id, MAX_TEXT)) return undefined
    seeking.push({ id: player.id, identity: player.identity })
  }
  if (!isAttributes(attributes)) return undefined
  if (skill !== undefined && !Number.isFinite(skill)) return undefined
  if (typeof skillRange !== 'number' || !(skillRange >= 0)) return undefined
  return { players: seeking, attributes, skill: skill as number | undefined, skillRange }
}

/** As a lobby takes them, with names that are as short as texts. */
function isAttributes(value: unknown): value is LobbyAttributes {
  return isLobbyAttributes(value) && Object.keys(value).every((name) => isText(name, MAX_TEXT))
}
