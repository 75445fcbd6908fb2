/**
 * Members of parties who are nowhere any more, because the shard by which they were connected died: after a while they leave. Pure. Owned by the lobby's desk,
 * which looks for them in the parties of its visitors; news of who is there may be later than news of parties, hence the while.
 */
import type { LobbyApi, Party } from '../../cluster/lobby/lobby-api.ts'

const LOST_AFTER_MS = 10_000

export class LostMembers {
  /** Since when nothing is known of them. */
  private missing = new Map<string, number>()

  look(parties: ReadonlySet<Party>, lobby: LobbyApi, nowMs: number): void {
    const { missing } = this
    if (parties.size === 0 && missing.size === 0) return
    const present = new Set<string>()
    for (const { id } of lobby.present()) present.add(id)
    this.missing = new Map()
    for (const { id, members } of parties) {
      for (const member of members) {
        if (present.has(member)) continue
        const sinceMs = missing.get(member) ?? nowMs
        if (nowMs - sinceMs > LOST_AFTER_MS) lobby.parties.leave(id, member)
        else this.missing.set(member, sinceMs)
      }
    }
  }
}
