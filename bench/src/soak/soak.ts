/**
 * `npm run bench -- soak --minutes N`: bots join, play, leave, vanish and come back, over and over; what the server still holds when everybody has left.
 *   --minutes 3   --transport ws | uWebSockets.js | auto   --no-webrtc   --cycle-seconds 2   --seed 1   --json
 *   --plant crumb | heap | timer | listener   each join leaves that behind: does the soak see it?
 */
import { styleText } from 'node:util'
import { numberOption, option } from '../figures.ts'
import { transportOption } from '../hostile/transport-option.ts'
import { ProgressMeter } from '../progress-meter.ts'
import { finish, heading, judged, progress, table } from '../report.ts'
import type { GrownKind } from './heap-kinds.ts'
import { LEAKS, type Leak } from './messages.ts'
import { runSoak } from './run-soak.ts'
import { allReturned, type SoakResult } from './soak-result.ts'

const TARGET_MB_PER_HOUR = 1

export async function run(args: readonly string[]): Promise<void> {
  const minutes = numberOption(args, 'minutes', 3, 0.05, 24 * 60)
  heading(`Soak: ${minutes} min of coming and going`)
  const meter = new ProgressMeter(1, minutes * 60_000, () => performance.now())
  // No pieces of work: only time that passes.
  meter.advance()
  const result = await runSoak({
    transport: transportOption(args),
    webrtc: !args.includes('--no-webrtc'),
    ms: minutes * 60_000,
    cycleMs: numberOption(args, 'cycle-seconds', 2, 0.2, 600) * 1000,
    seed: numberOption(args, 'seed', 1, 0, 2 ** 31),
    leaks: planted(args),
    onStage: (_done, what) => meter.begin(what),
  })
  meter.end()
  print(result)
  if (!allReturned(result)) process.exitCode = 1
  finish(args, { kind: 'soak', ...result })
}

/** Throws if there is no such leak. */
function planted(args: readonly string[]): Leak[] {
  const wanted = option(args, 'plant')
  if (wanted === undefined) return []
  const leaks = LEAKS.filter((leak) => leak === wanted)
  if (leaks.length === 0) throw new Error(`--plant ${wanted}: choose ${LEAKS.join(', ')}.`)
  return leaks
}

function print(result: SoakResult): void {
  heading(`What was left of ${result.joins} joins (server on ${result.transport})`)
  table([
    ['', 'after warm-up', 'at the end'],
    ['heap', `${result.heapMbBefore} MB`, `${result.heapMbAfter} MB`],
    ['memory of the process', `${result.rssMbBefore} MB`, `${result.rssMbAfter} MB`],
    ['handles', told(result.handlesBefore), told(result.handlesAfter)],
    ['timers', String(result.timersBefore), String(result.timersAfter)],
    ['listeners', String(result.listenersBefore), String(result.listenersAfter)],
    ['peer connections', String(result.peerConnectionsBefore), String(result.peerConnectionsAfter)],
    ['rooms, sessions', '', `${result.roomsLeft}, ${result.sessionsLeft}`],
    ["the bots' handles", told(result.clientHandlesBefore), told(result.clientHandlesAfter)],
    ["the bots' timers", String(result.clientTimersBefore), String(result.clientTimersAfter)],
  ])
  progress(
    `${result.spectators} watched, ${result.kills} connections broke, ${result.resumes} came back, ${result.wrongSecretsRefused} of ${result.wrongSecrets} wrong secrets were refused, ${result.webrtcJoins} came over WebRTC`,
  )
  heading('Verdict')
  table([
    ['', ''],
    ['heap slope', judged(result.heapSlopeMbPerHour, TARGET_MB_PER_HOUR, ' MB/h')],
    ['by the join', `${result.heapBytesPerJoin} B`],
    ["the bots' heap", judged(result.clientHeapSlopeMbPerHour, TARGET_MB_PER_HOUR, ' MB/h')],
    ['machine code', `${result.compiledSlopeMbPerHour} MB/h, ${result.clientCompiledSlopeMbPerHour} MB/h`],
  ])
  progress(result.note)
  progress(`what grew on the server: ${grew(result.grown)}; with the bots: ${grew(result.clientGrown)}`)
  for (const problem of result.problems) console.log(styleText('red', `  ${problem}`))
}

function grew(kinds: readonly GrownKind[]): string {
  return kinds.length === 0 ? 'nothing' : kinds.map(({ kind, bytes }) => `${kind} by ${bytes} B`).join(', ')
}

function told(handles: Readonly<Record<string, number>>): string {
  const kinds = Object.entries(handles)
  return kinds.length === 0 ? 'none' : kinds.map(([kind, count]) => `${count} ${kind}`).join(', ')
}
