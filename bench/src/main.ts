/**
 * `npm run bench -- <command> [--json] ...`: one module per command, loaded when it is asked for. With --json the last line is one JSON object.
 */
const commands: Readonly<Record<string, () => Promise<{ run(args: readonly string[]): Promise<void> }>>> = {
  codec: () => import('./codec/main.ts'),
  latency: () => import('./latency/latency.ts'),
  load: () => import('./load/load.ts'),
  quality: () => import('./quality/quality.ts'),
  report: () => import('./report-page/command.ts'),
  rollback: () => import('./rollback/rollback.ts'),
  size: () => import('./size/size.ts'),
  train: () => import('./codec/train.ts'),
}

const [name = '', ...args] = process.argv.slice(2)
const load = commands[name]
if (load === undefined) {
  console.error(`usage: npm run bench -- <${Object.keys(commands).join('|')}> [--json]`)
  process.exitCode = 1
} else {
  const command = await load()
  await command.run(args)
}
