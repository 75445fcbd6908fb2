/**
 * The bots of the soak, as a process of its own: whether the SDK gives everything back is measured here. Forked by soak.ts.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { Cable } from './cable.ts'
import { Crowd } from './crowd.ts'
import { idleFigures, keepCompiled } from './idle-figures.ts'
import type { SoakCrowdReport, SoakCrowdSetup, SoakOrder } from './messages.ts'

const PATIENCE_MS = 5_000
const LOOK_EVERY_MS = 50

keepCompiled()
const setup = JSON.parse(process.argv[2] ?? '{}') as SoakCrowdSetup
const { port, path } = setup
const cable = await Cable.to(port)
// Node remembers the first 250 of what `fetch` got, for whoever wants to look: signalling, here.
performance.setResourceTimingBufferSize(0)
const crowd = new Crowd({ port, path }, cable, setup.seed, setup.webrtc)

function tell(report: SoakCrowdReport): void {
  process.send?.(report)
}

async function idle(snapshot?: string): Promise<void> {
  const untilMs = performance.now() + PATIENCE_MS
  while (process.getActiveResourcesInfo().includes('TCPSocketWrap') && performance.now() < untilMs)
    await wait(LOOK_EVERY_MS)
  tell({ report: 'idle', figures: await idleFigures([process], snapshot) })
}

process.on('message', (message: SoakOrder) => {
  if (message.order === 'idle') void idle(message.snapshot)
  else if (message.order === 'cycle') {
    const { counts, problems } = crowd
    void crowd.cycle(message.cycle, message.ms).then(() => tell({ report: 'left', counts, problems }))
  } else process.exit(0)
})
process.on('disconnect', () => process.exit(0))
tell({ report: 'ready' })
