/** Who scored what in a replay: the arena's player attributes, read with care, since they come from a file. Used by the page and by the command line. */
import type { ReplayPlayer } from '@tickmesh/shared'
import type { Score } from '../page/boards.ts'

export function scoreOf({ seat, attributes }: ReplayPlayer): Score {
  const { name, color, kills, deaths, bot } = attributes
  const whole = (value: unknown) => (typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : 0)
  return {
    seat,
    name: typeof name === 'string' ? name : `Seat ${seat}`,
    color: whole(color),
    kills: whole(kills),
    deaths: whole(deaths),
    bot: bot === true,
  }
}

/** The best first. */
export function ranked(players: Iterable<ReplayPlayer>): Score[] {
  return [...players].map(scoreOf).sort((a, b) => b.kills - a.kills || a.deaths - b.deaths || a.seat - b.seat)
}

/** `3:07` */
export function clockText(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`
}
