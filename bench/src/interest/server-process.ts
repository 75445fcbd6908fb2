/**
 * The server of the interest bench as a process of its own: `server-process.ts <plan as JSON>`, forked by the bench, which tells it when to measure.
 */
import { startServer } from './interest-server.ts'
import type { ServerOrder, ServerPlan, ServerReport } from './messages.ts'

const server = await startServer(JSON.parse(process.argv[2] ?? '{}') as ServerPlan)

function tell(report: ServerReport): void {
  process.send?.(report)
}

process.on('message', (order: ServerOrder) => {
  if (order === 'start') server.start()
  else if (order === 'tell') tell({ report: 'figures', figures: server.figures() })
  else if (order === 'truth') tell({ report: 'truth', truth: server.truth.truth })
  else process.exit(0)
})
// The bench is gone: nobody listens any more.
process.on('disconnect', () => process.exit(0))
tell({ report: 'listening', port: server.port })
