import { makeArena } from './arena-game.ts'
import { measure } from './measure.ts'
export async function run(args: readonly string[]): Promise<void> {
  for (const v of ['motion', 'linear', 'plain'] as const) console.log(v, measure(makeArena(v), 20, 1))
  console.log('old', measure(makeArena('motion'), 20, 3), args.length)
}
