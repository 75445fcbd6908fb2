/**
 * The attackers of the hostile bench, as one process that the system runs last: what it takes of the machine must not look like harm to the server.
 * Forked by hostile.ts.
 */
import { constants, setPriority } from 'node:os'
import { attackNamed } from './attacks.ts'
import type { AttackerReport, AttackerSetup, Order } from './messages.ts'
import { SiegeCrew } from './siege-crew.ts'

const setup = JSON.parse(process.argv[2] ?? '{}') as AttackerSetup
setPriority(constants.priority.PRIORITY_LOW)
const { port, path, intensity, seed } = setup
const crew = new SiegeCrew({ port, path }, setup.attacks.map(attackNamed), intensity, seed)
let cpu = process.cpuUsage()
let startedMs = performance.now()

function tell(report: AttackerReport): void {
  process.send?.(report)
}

process.on('message', ({ order }: Order) => {
  if (order === 'start') {
    cpu = process.cpuUsage()
    startedMs = performance.now()
    crew.fight()
  } else if (order === 'rest') {
    const { user, system } = process.cpuUsage(cpu)
    const wallMs = performance.now() - startedMs
    void crew.rest().then(() => tell({ report: 'resting', cpuMicros: user + system, wallMs }))
  } else if (order === 'tell') tell({ report: 'outcomes', outcomes: crew.outcomes })
  else process.exit(0)
})
process.on('disconnect', () => process.exit(0))
tell({ report: 'ready' })
