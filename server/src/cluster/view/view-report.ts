/**
 * Views in words and numbers for people: the status that the dashboard shows, and the line that the log gets of each view.
 */
import type { Life } from '../life.ts'
import type { EvidenceBook } from './evidence.ts'
import { survivableLosses } from './next-view.ts'
import type { View } from './view.ts'
import type { MemberStatus } from './views-api.ts'

/** `evidence`: of a voter. */
export function reportMembers(
  view: View | undefined,
  self: Life,
  evidence: EvidenceBook | undefined,
  nowMs: number,
): MemberStatus[] {
  return (view?.members ?? []).map((member) => {
    const metMs = member.life === self ? undefined : evidence?.roundTripMs(member.life)
    return {
      member,
      evidence: evidence?.of(member.life),
      roundTripAgeMs: metMs === undefined ? undefined : nowMs - metMs,
    }
  })
}

export function describeView({ generation, number, members, voters }: View): string {
  const survives = survivableLosses(voters.length)
  const losses =
    members.length === 1
      ? 'one shard alone: if it is lost, so are its rooms'
      : members.length === 2
        ? 'two cannot fail over: if either is lost, the other stops. Three can lose one'
        : `${survives} of them can be lost at once`
  return `view ${generation}.${number}: ${members.length} members, ${voters.length} voters; ${losses}`
}
