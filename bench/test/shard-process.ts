/** A shard as a process of its own, which a test may stop and let go on. Forked by cluster.sockets.test.ts; ends when it is told to, or when its parent is gone. */
import { serve } from '@tickmesh/server'
import { duel, duelRules } from '../src/lab/duel.ts'

const cluster = JSON.parse(process.argv[2] ?? '{}')
const shard = await serve(duel, duelRules, { host: '127.0.0.1', log: () => {}, development: false, cluster })
process.send?.({ report: 'up', url: shard.url, address: shard.cluster?.address, pid: process.pid })
const end = (): void => {
  void shard.close().then(() => process.exit())
}
process.on('message', end)
process.on('disconnect', end)
