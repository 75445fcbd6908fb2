/**
 * The key of a cluster that `npm run cluster` runs on this machine, in a file that only this user can read: so that `npm run shard -- --join 127.0.0.1:7946` joins
 * without being told a key. Written by supervisor.ts, looked for by shard-settings.ts.
 */
import { lstatSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const LOOPBACK = /^(?:127\.0\.0\.1|localhost):(\d{1,5})$/

function fileOf(clusterPort: number): string {
  return join(tmpdir(), `tickmesh-arena-${clusterPort}.key`)
}

export function writeLocalKey(clusterPort: number, key: string): void {
  forgetLocalKey(clusterPort)
  try {
    writeFileSync(fileOf(clusterPort), `${process.pid} ${key}`, { flag: 'wx', mode: 0o600 })
  } catch {
    // Somebody else's file is there: shards by hand are told the key by hand.
  }
}

export function forgetLocalKey(clusterPort: number): void {
  try {
    rmSync(fileOf(clusterPort), { force: true })
  } catch {
    // As above.
  }
}

/** `seed`: an address that --join was given. Undefined: nobody runs a cluster there, or it is not this user's. */
export function localKeyFor(seed: string): string | undefined {
  const port = LOOPBACK.exec(seed)?.[1]
  if (port === undefined) return undefined
  try {
    const path = fileOf(Number(port))
    const about = lstatSync(path)
    if (!about.isFile() || about.uid !== process.getuid?.()) return undefined
    const [pid = '', key = ''] = readFileSync(path, 'utf8').split(' ')
    // One whose cluster was killed is left behind.
    process.kill(Number(pid), 0)
    return key
  } catch {
    return undefined
  }
}
