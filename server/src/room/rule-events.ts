/**
 * What rules make of a tick's steps: each command of the steps is given to its rule, and rules' own events join those of the steps. One per room. Hot while it has work.
 */
import { NetError, type Simulation } from '@tickmesh/shared'
import type { UntypedRules } from './rules.ts'

export interface CommandedRoom {
  readonly sim: Simulation
  readonly rules: UntypedRules
  readonly facade: object
}

export class RuleEvents {
  private readonly room: CommandedRoom
  private events: { readonly name: string; readonly fields: Readonly<Record<string, unknown>> }[] = []
  private inCommands = false

  constructor(room: CommandedRoom) {
    this.room = room
  }

  /** An event of rules: it belongs to the steps of the tick that is being computed, or of the next. */
  emit(name: string, fields: Readonly<Record<string, unknown>>): void {
    const { sim } = this.room
    if (!sim.game.events.some((event) => event.name === name)) {
      throw new NetError('BAD_ARGUMENT', `there is no event "${name}".`, 'Declare it under `events`.')
    }
    if (this.inCommands) sim.context.emit(name, fields)
    else this.events.push({ name, fields: { ...fields } })
  }

  /** After the steps. */
  run(): void {
    const { sim, rules, facade } = this.room
    this.inCommands = true
    if (this.events.length > 0) {
      for (const { name, fields } of this.events) sim.context.emit(name, fields)
      this.events = []
    }
    const { commands, game } = sim
    for (let i = 0; i < commands.length; i++) {
      const command = commands[i]
      if (command === undefined) continue
      const { name } = game.commands[command.index] ?? { name: '' }
      rules.commands?.[name]?.(facade, command.values)
    }
    this.inCommands = false
  }
}
