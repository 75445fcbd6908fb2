/**
 * `npm run synctest [-- --seconds 60 --seed 1 --game arena|duel|path/to/module.ts --players 4 --json]`: is a game deterministic? Computes every tick of a match twice, on server and
 * clients, and names the field and entity that differ. Ends with code 1 if something does. With --json the last line is one JSON object.
 */
import { parseArgs, styleText } from 'node:util'
import { problemText } from '../command-line.ts'
import { finish, heading, progress } from '../report.ts'
import { gameNames, loadGame } from './games.ts'
import { runSyncTest, type SyncRunResult } from './sync-run.ts'

/** Virtual seconds between two lines of progress. */
const PROGRESS_SECONDS = 10

/** A match holds no more. */
const MAX_PLAYERS = 16

interface Settings {
  readonly game: string
  readonly seconds: number
  readonly seed: number
  readonly players: number
  readonly json: boolean
}

function readSettings(): Settings {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '60' },
      seed: { type: 'string', default: '1' },
      players: { type: 'string', default: '4' },
      game: { type: 'string', default: 'arena' },
      json: { type: 'boolean', default: false },
    },
  })
  const { game, json } = values
  return {
    game,
    json,
    seconds: wholeNumber('seconds', values.seconds, 86_400),
    seed: wholeNumber('seed', values.seed, 1_000_000),
    players: wholeNumber('players', values.players, MAX_PLAYERS),
  }
}

function wholeNumber(name: string, text: string, most: number): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1 && value <= most) return value
  throw new Error(`--${name} is "${text}", but must be a whole number from 1 to ${most}.`)
}

function verdict({ difference, seconds, serverTicks, repeatedTicks, rollbacks }: SyncRunResult): string {
  if (difference !== undefined) return styleText('red', `not deterministic: ${difference}`)
  const text = `${serverTicks} ticks on the server and ${repeatedTicks} on clients computed again, ${rollbacks} rollbacks, ${seconds} s: no difference.`
  return styleText('green', text)
}

async function run({ game, seconds, seed, players, json }: Settings): Promise<void> {
  const played = await loadGame(game)
  if (played === undefined)
    throw new Error(
      `there is no game "${game}": choose ${gameNames.join(', ')}, or a module that exports game and rules.`,
    )
  heading(`sync test: ${game}, seed ${seed}, ${seconds} s`)
  const result = await runSyncTest(played, {
    seconds,
    seed,
    players,
    onProgress: (done) => {
      if (done % PROGRESS_SECONDS === 0 || done === seconds) progress(`${done} of ${seconds} s`)
    },
  })
  console.log(`  ${verdict(result)}`)
  if (result.difference !== undefined) {
    console.log(
      `  This repeats it: npm run synctest -- --game ${game} --seed ${seed} --seconds ${seconds} --players ${players}`,
    )
    process.exitCode = 1
  }
  finish(json ? ['--json'] : [], { game, seed, ok: result.difference === undefined, ...result })
}

try {
  await run(readSettings())
} catch (error) {
  console.error(problemText(error))
  process.exitCode = 1
}
