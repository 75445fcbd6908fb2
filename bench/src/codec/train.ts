/**
 * `npm run bench -- train` learns the priors of the arena workload and writes them beside this file.
 * `npm run bench -- train <module> <file> <constant>` does it for any game: the module exports `game` and `training(): Iterable<TrainingTick>`, a
 * generator of one tick after another of representative play; the file gets `export const <constant> = '...'`.
 */
import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type CompiledGame, type EventLog, SnapshotRing } from '@tickmesh/shared'
import { SnapshotTrainer } from '../../../shared/src/wire/snapshot-trainer.ts'
import { makeArena, VARIANTS } from './arena-game.ts'
import { ArenaRun } from './arena-run.ts'

/** Not the seed that is measured. */
const TRAINING_SEED = 7001
const TRAINING_TICKS = 60 * 40
/** Ages of baselines to learn, in snapshots. */
const AGES = [1, 1, 2, 3, 4, 6]
const FULL_EVERY = 40
/** Text per line of the written file. */
const LINE = 110

export interface TrainingTick {
  readonly tick: number
  /** The settled world at the end of the tick, as `World.save` gives it. Copied. */
  readonly memory: Int32Array
  /** Holds the events of the newest 64 ticks, if the game has any. */
  readonly events?: EventLog
}

/** The prior that these ticks teach. */
function learnPrior(game: CompiledGame, ticks: Iterable<TrainingTick>): string {
  const trainer = new SnapshotTrainer(game)
  const history = new SnapshotRing(128, game.worldInts)
  const plainTypes = new Uint8Array(game.entities.length)
  const heldAt = (tick: number) => history.find(tick)
  let frames = 0
  for (const { tick, memory, events } of ticks) {
    history.put(tick, memory)
    if (tick % game.ticksPerSnapshot !== 0) continue
    const current = history.find(tick)
    if (current === undefined) continue
    const common = { current, tick, heldAt, events, plainTypes }
    if (frames++ % FULL_EVERY === 0)
      trainer.body({ ...common, baseline: undefined, baselineTick: tick, earlier: undefined })
    for (const age of AGES) {
      const baselineTick = tick - age * game.ticksPerSnapshot
      const baseline = history.find(baselineTick)
      if (baseline === undefined || tick - baselineTick > 64) continue
      const earlier = history.find(baselineTick - age * game.ticksPerSnapshot)
      trainer.body({ ...common, baseline, baselineTick, earlier })
      trainer.tail(1 + (frames % game.maxPlayers), baseline, current)
    }
  }
  return trainer.build()
}

function* arenaTicks(game: CompiledGame): Generator<TrainingTick> {
  const run = new ArenaRun(game, TRAINING_SEED)
  for (let n = 0; n < TRAINING_TICKS; n++) {
    run.step()
    yield { tick: run.world.tick, memory: run.world.ints }
  }
}

async function writePrior(file: string, constant: string, prior: string): Promise<void> {
  const lines = prior.match(new RegExp(`.{1,${LINE}}`, 'g')) ?? []
  const text = lines.map((line) => `  '${line}'`).join(' +\n')
  await writeFile(
    file,
    `/** Written by \`npm run bench -- train\`; do not edit. */\nexport const ${constant} =\n${text}\n`,
  )
  console.log(`${file}: ${prior.length} characters`)
}

export async function run(args: readonly string[]): Promise<void> {
  const [modulePath, file, constant] = args
  if (modulePath === undefined) {
    for (const variant of VARIANTS) {
      const game = makeArena(variant, false)
      const target = fileURLToPath(new URL(`prior-${variant}.ts`, import.meta.url))
      await writePrior(target, `${variant}Prior`, learnPrior(game, arenaTicks(game)))
    }
    return
  }
  if (file === undefined || constant === undefined) {
    console.error('usage: npm run bench -- train <module> <file> <constant>')
    process.exitCode = 1
    return
  }
  const module = (await import(pathToFileURL(resolve(modulePath)).href)) as {
    game: CompiledGame
    training(): Iterable<TrainingTick>
  }
  await writePrior(resolve(file), constant, learnPrior(module.game, module.training()))
}
