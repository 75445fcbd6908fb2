/**
 * A game's rules with their types set aside, as the room core calls them. `Rules` in api.ts is what a game author sees.
 */
import type { CloseReason } from '@tickmesh/shared'
import type { UntypedInterest } from '../interest/interest-rule.ts'
import type { Rules, Suspicion } from './api.ts'
import type { EffectRules } from './effect-desk.ts'

type Values = Readonly<Record<string, unknown>>

export interface UntypedRules {
  onCreate?(room: object): void
  onJoin?(room: object, player: object): void
  onLeave?(room: object, player: object, reason: CloseReason): void
  onDisconnect?(room: object, player: object, reason: CloseReason): void
  onReconnect?(room: object, player: object): void
  onDispose?(room: object): void
  onDrain?(room: object, ms: number): void
  onTick?(room: object): void
  onSuspicion?(room: object, player: object, what: Suspicion): void
  readonly commands?: Readonly<Record<string, ((room: object, values: Values) => void) | undefined>>
  readonly messages?: Readonly<Record<string, ((room: object, player: object, values: Values) => void) | undefined>>
  onRestore?(room: object): void
  readonly timers?: Readonly<Record<string, ((room: object, data: unknown) => void) | undefined>>
  readonly effects?: EffectRules
  readonly keepEntities?: boolean
  readonly interest?: UntypedInterest
}

/** The rules, and whether they fit the game. Throws BAD_ARGUMENT for names that the game does not declare, and for commands without a rule. */
export function checkedRules(
  game: { readonly id: string; readonly commands: readonly Named[]; readonly toServer: readonly Named[] },
  typed: Rules,
  refuse: (problem: string, remedy: string) => Error,
): UntypedRules {
  const rules = typed as unknown as UntypedRules
  for (const { name } of game.commands) {
    if (rules.commands?.[name] === undefined) {
      throw refuse(
        `${game.id} declares the command "${name}", for which there is no rule.`,
        `Add rules.commands.${name}.`,
      )
    }
  }
  checkNames('commands', rules.commands, game.commands, refuse)
  checkNames('messages', rules.messages, game.toServer, refuse)
  return rules
}

interface Named {
  readonly name: string
}

function checkNames(
  what: string,
  there: object | undefined,
  declared: readonly Named[],
  refuse: (problem: string, remedy: string) => Error,
): void {
  for (const name of Object.keys(there ?? {})) {
    if (declared.some((known) => known.name === name)) continue
    const names = declared.map((known) => known.name).join(', ')
    throw refuse(
      `rules.${what}.${name} is of nothing that the game declares.`,
      `Declared are: ${names === '' ? 'none' : names}.`,
    )
  }
}
