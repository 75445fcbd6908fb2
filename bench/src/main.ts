/**
 * `npm run bench -- <command> [--json] ...`: one module per command, loaded when it is asked for. With --json the last line is one JSON object.
 * Ends with 1, and one line that says why, if it is called wrongly or cannot do its work.
 */
import { styleText } from 'node:util'
import { type CommandName, checkArguments, isCommand, problemText } from './command-line.ts'

const commands: Readonly<Record<CommandName, () => Promise<{ run(args: readonly string[]): Promise<void> }>>> = {
  codec: () => import('./codec/main.ts'),
  gossip: () => import('./gossip/gossip.ts'),
  failover: () => import('./failover/failover.ts'),
  interest: () => import('./interest/interest.ts'),
  hostile: () => import('./hostile/hostile.ts'),
  latency: () => import('./latency/latency.ts'),
  links: () => import('./links/links.ts'),
  load: () => import('./load/load.ts'),
  migrate: () => import('./migrate/migrate.ts'),
  quality: () => import('./quality/quality.ts'),
  report: () => import('./report-page/command.ts'),
  rollback: () => import('./rollback/rollback.ts'),
  size: () => import('./size/size.ts'),
  soak: () => import('./soak/soak.ts'),
  train: () => import('./codec/train.ts'),
}

const [name = '', ...args] = process.argv.slice(2)
if (!isCommand(name)) {
  console.error(`usage: npm run bench -- <${Object.keys(commands).join('|')}> [--json]`)
  process.exitCode = 1
} else {
  try {
    checkArguments(name, args)
    const command = await commands[name]()
    await command.run(args)
  } catch (error) {
    console.error(styleText('red', problemText(error), { stream: process.stderr }))
    process.exitCode = 1
  }
}
