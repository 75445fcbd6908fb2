/**
 * Tells rules what was not plausible: once per tick, player and kind. Called by the room core in the tick, when something was noted.
 */
import type { Suspicion } from './api.ts'
import { SUSPICION_KINDS } from './plausibility.ts'
import type { PlayerCore } from './player-core.ts'
import type { UntypedRules } from './rules.ts'

interface Suspecting {
  readonly rules: UntypedRules
  readonly facade: object
  readonly tickNumber: number
}

export function raiseSuspicions(room: Suspecting, player: PlayerCore): void {
  const { plausibility } = player
  const { raised } = plausibility
  const heard: Suspicion[] = []
  for (const [index, kind] of SUSPICION_KINDS.entries()) {
    if ((raised & (1 << index)) === 0 || room.rules.onSuspicion === undefined) continue
    const [count, share] = [plausibility.totals[index] ?? 0, plausibility.shareOf(index)]
    heard.push({ kind, tick: room.tickNumber, count, share, amount: plausibility.amountOf(index) })
  }
  plausibility.clearRaised()
  for (const what of heard) if (!player.ended) room.rules.onSuspicion?.(room.facade, player.facade, what)
}
