/** Bots that play matches of the arena, in a process of their own. Forked by match-crew.ts; ends with its parent. */
import { loadGame } from '../synctest/games.ts'
import { MatchBot } from './match-bot.ts'
import type { BotsOrder, BotsReport, BotsSetup } from './messages.ts'

const JOIN_EVERY_MS = 15

const setup = JSON.parse(process.argv[2] ?? '{}') as BotsSetup
const arena = await loadGame('arena')
if (arena === undefined) throw new Error('there is no arena')
const { game } = arena
const bots = setup.rooms.map((room, at) => new MatchBot(setup.seed + at, room, setup.seed))

function tell(report: BotsReport): void {
  if (process.connected) process.send?.(report)
}

function carryOut(order: BotsOrder): void {
  if (order.order === 'gaps') {
    const connected = bots.filter(({ tally }) => tally.connected).length
    tell({ report: 'gaps', gaps: bots.flatMap(({ gaps }) => gaps.splice(0)), connected })
  } else if (order.order === 'quiet') for (const bot of bots) bot.quiet = order.quiet
  else if (order.order === 'tallies') tell({ report: 'tallies', bots: bots.map(({ tally }) => tally) })
  else process.exit(0)
}

process.on('message', carryOut)
process.on('disconnect', () => process.exit(0))
await Promise.all(
  bots.map(async (bot, at) => {
    await new Promise((resolve) => setTimeout(resolve, at * JOIN_EVERY_MS))
    await bot.join(game, setup.urls[at % setup.urls.length] ?? '')
  }),
)
tell({ report: 'ready' })
