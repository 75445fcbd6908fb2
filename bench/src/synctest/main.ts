/**
 * `npm run synctest [-- --seconds 60 --seed 1 --game arena|duel|path/to/module.ts --players 4 --json]`: is a game deterministic? Computes every tick of a match twice, on server and
 * clients, and names the field and entity that differ. Ends with code 1 if something does. With --json the last line is one JSON object.
 */
import { parseArgs, styleText } from 'node:util'
import { finish, heading, progress } from '../report.ts'
import { gameNames, loadGame } from './games.ts'
import { runSyncTest, type SyncRunResult } from './sync-run.ts'

/** Virtual seconds between two lines of progress. */
const PROGRESS_SECONDS = 10

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    players: { type: 'string', default: '4' },
    game: { type: 'string', default: 'arena' },
    json: { type: 'boolean', default: false },
  },
})

function verdict({ difference, seconds, serverTicks, repeatedTicks, rollbacks }: SyncRunResult): string {
  if (difference !== undefined) return styleText('red', `not deterministic: ${difference}`)
  const text = `${serverTicks} ticks on the server and ${repeatedTicks} on clients computed again, ${rollbacks} rollbacks, ${seconds} s: no difference.`
  return styleText('green', text)
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1) return value
  throw new Error(`--${name} is "${text}", but must be a whole number from 1 up.`)
}

const played = await loadGame(values.game)
if (played === undefined) {
  console.error(
    `there is no game "${values.game}": choose ${gameNames.join(', ')}, or a module that exports game and rules.`,
  )
  process.exitCode = 1
} else {
  const [seconds, seed] = [wholeNumber('seconds', values.seconds), wholeNumber('seed', values.seed)]
  heading(`sync test: ${values.game}, seed ${seed}, ${seconds} s`)
  const result = await runSyncTest(played, {
    seconds,
    seed,
    players: wholeNumber('players', values.players),
    onProgress: (done) => {
      if (done % PROGRESS_SECONDS === 0 || done === seconds) progress(`${done} of ${seconds} s`)
    },
  })
  console.log(`  ${verdict(result)}`)
  if (result.difference !== undefined) {
    const repeat = `npm run synctest -- --game ${values.game} --seed ${seed} --seconds ${seconds} --players ${values.players}`
    console.log(`  This repeats it: ${repeat}`)
    process.exitCode = 1
  }
  finish(values.json ? ['--json'] : [], { game: values.game, seed, ok: result.difference === undefined, ...result })
}
