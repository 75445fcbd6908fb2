/**
 * A process that plays seeds of the simulation, one after another, as its parent hands them over. Forked by many-runs.ts.
 */
import type { Report } from '../child.ts'
import { type RunResult, type RunSettings, runSimulation } from './run.ts'

export interface PlaySeed {
  readonly order: 'play'
  readonly settings: RunSettings
}

export interface SeedPlayed extends Report {
  readonly report: 'played'
  readonly settings: RunSettings
  readonly result: RunResult
}

process.on('message', (message: PlaySeed | { readonly order: 'end' }) => {
  if (message.order === 'end') process.exit(0)
  const { settings } = message
  void runSimulation(settings).then((result) => {
    const report: SeedPlayed = { report: 'played', settings, result }
    process.send?.(report)
  })
})
process.on('disconnect', () => process.exit(0))
