/**
 * `npm run relay`: makes the network between a server and whoever connects bad, until Ctrl-C.
 */
import { styleText } from 'node:util'
import { NetError } from '@tickmesh/shared'
import type { Relay } from './relay.ts'
import { describeNetwork, parseRelayArguments, RELAY_USAGE, type RelayPlan } from './relay-arguments.ts'
import { startTcpRelay } from './tcp-relay.ts'
import { startUdpRelay } from './udp-relay.ts'

try {
  const plan = parseRelayArguments(process.argv.slice(2))
  await run(plan)
} catch (error) {
  if (!(error instanceof NetError)) throw error
  console.error(styleText('red', error.text, { stream: process.stderr }))
  if (error.code === 'BAD_ARGUMENT') console.error(`\n${RELAY_USAGE}`)
  process.exitCode = 1
}

async function run(plan: RelayPlan): Promise<void> {
  const start = plan.udp ? startUdpRelay : startTcpRelay
  const relay = await start({
    listenHost: plan.listen.host,
    listenPort: plan.listen.port,
    toHost: plan.to.host,
    toPort: plan.to.port,
    out: plan.out,
    in: plan.in,
    onProblem: (problem) => console.error(styleText('yellow', problem, { stream: process.stderr })),
  })
  const from = styleText('cyan', `${plan.listen.host}:${relay.port}`)
  const to = styleText('cyan', `${plan.to.host}:${plan.to.port}`)
  console.log(`${plan.udp ? 'UDP' : 'TCP'} relay: ${from} → ${to}, ${describeNetwork(plan.out)}. Ctrl-C ends it.`)
  endOnSignal(relay, plan.udp ? 'addresses' : 'connections')
}

function endOnSignal(relay: Relay, paths: string): void {
  let ending = false
  const end = () => {
    if (ending) return
    ending = true
    const { totals } = relay
    console.log(`\n${totals.paths} ${paths}, ${totals.outBytes} bytes there, ${totals.inBytes} bytes back.`)
    void relay.close()
  }
  process.on('SIGINT', end)
  process.on('SIGTERM', end)
}
