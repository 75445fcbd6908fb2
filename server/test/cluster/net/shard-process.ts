/** A shard in a process of its own, to be killed and stopped by tests: takes its options as JSON, prints its address. */
import { Ends, startShard } from './serf-rig.ts'

const shell = await startShard(new Ends(), JSON.parse(process.argv[2] ?? '{}'))
process.stdout.write(`${shell.address}\n`)
