/**
 * Whether a cluster is well again, some time after all faults ended: views and lobbies equal, nothing dead listed, nothing live unlisted, queues empty, memory bounded.
 * Gives what is still wrong, in words; nothing if all is well.
 */
import { compareEpochs } from '@tickmesh/server/cluster'
import type { Machine } from './machine.ts'
import type { Network } from './network.ts'
import type { Process } from './process.ts'

const MOST = { tombstones: 300, waiting: 0, counters: 200, operations: 2_048, entries: 2_000 } as const
/** What two shards' cluster times may differ by, on clocks with crystals: half of what an answer may take, as long as none has stepped twice within a minute. */
const MAX_CLOCK_DIFFERENCE_MS = 600

export interface HealedOptions {
  readonly machines: readonly Machine[]
  readonly network: Network
  /** Clocks are off by percents, which no discipline of 500 ppm follows. */
  readonly wildClocks: boolean
}

export function whatIsWrong({ machines, network, wildClocks }: HealedOptions): string[] {
  const wrong: string[] = []
  const up: Process[] = []
  for (const { process } of machines) if (process !== undefined) up.push(process)
  const first = up[0]
  if (first === undefined) return ['no shard runs']
  compareViews(up, wrong)
  if (wrong.length > 0) return wrong
  compareGossip(up, wrong)
  compareLobbies(up, wrong)
  if (network.waiting > 64) wrong.push(`${network.waiting} messages wait in streams`)
  if (!wildClocks) compareClocks(up, wrong)
  return wrong
}

function compareViews(up: readonly Process[], wrong: string[]): void {
  const lives = up.map(({ life }) => life).sort()
  for (const process of up) {
    const { view } = process.node
    const who = `shard ${process.index}`
    if (view === undefined) wrong.push(`${who} has no view`)
    else if (view.members.map(({ life }) => life).join() !== lives.join()) {
      const names = view.members.map(({ name, life }) => `${name} (${life})`).join(', ')
      wrong.push(`${who} has view ${view.generation}.${view.number} of ${names}; running are ${lives.join(', ')}`)
    } else if (JSON.stringify(view) !== JSON.stringify(up[0]?.node.view)) {
      wrong.push(`${who} has view ${view.generation}.${view.number}, and shard ${up[0]?.index} another`)
    }
    if (!process.node.mayAct(process.machine.localMs)) wrong.push(`${who} has no lease`)
  }
}

function compareGossip(up: readonly Process[], wrong: string[]): void {
  const expected = up.map(({ machine, life }) => `${machine.name} ${life}`).sort()
  for (const process of up) {
    const alive: string[] = []
    for (const member of process.node.status(process.machine.localMs).gossip.members) {
      if (member.state === 'alive') alive.push(`${member.name} ${member.tags.life}`)
    }
    if (alive.sort().join() !== expected.join()) {
      wrong.push(`shard ${process.index}'s gossip has ${alive.join(', ')}; running are ${expected.join(', ')}`)
    }
  }
}

function compareLobbies(up: readonly Process[], wrong: string[]): void {
  const running = new Map<string, Process>()
  const dump = up[0]?.node.lobby.dump()
  for (const process of up) {
    const who = `shard ${process.index}`
    for (const [id, epoch] of process.epochs()) {
      const other = running.get(id)
      if (other !== undefined) wrong.push(`${id} runs on shard ${other.index} and ${process.index}`)
      running.set(id, process)
      const owned = process.node.owned.get(id)
      if (owned === undefined || compareEpochs(owned, epoch) !== 0) wrong.push(`${who} runs ${id}, and does not own it`)
    }
    for (const id of process.node.owned.keys())
      if (!process.epochs().has(id)) wrong.push(`${who} owns ${id}, and does not run it`)
    const { rooms, lobby } = process.node.status(process.machine.localMs)
    if (rooms.waiting > 0) wrong.push(`${who} has ${rooms.waiting} questions about rooms open`)
    if (lobby.alarms > 0) wrong.push(`${who}'s lobby has ${lobby.alarms} alarms`)
    boundLobby(process, wrong)
    if (process.node.lobby.dump() !== dump)
      wrong.push(`the lobbies of shard ${process.index} and ${up[0]?.index} differ`)
  }
  for (const process of up) compareList(process, running, wrong)
}

/** Queues are empty, and what is kept is bounded by what there is, not by what there was. */
function boundLobby({ index, node }: Process, wrong: string[]): void {
  const { tombstones, waiting, counters, operations, entries } = node.lobby.status()
  const counts = { tombstones, waiting, counters, operations, entries }
  for (const [what, count] of Object.entries(counts)) {
    const most = MOST[what as keyof typeof MOST]
    if (count > most) wrong.push(`shard ${index}'s lobby keeps ${count} ${what}`)
  }
}

function compareList(process: Process, running: ReadonlyMap<string, Process>, wrong: string[]): void {
  const listed = new Set<string>()
  for (const room of process.node.lobby.rooms()) {
    // For some time those who look for it are told what became of it.
    if (room.state === 'lost') continue
    listed.add(room.id)
    const owner = running.get(room.id)
    if (owner === undefined) wrong.push(`shard ${process.index} lists ${room.id}, which nobody runs`)
    else if (owner.life !== room.owner) wrong.push(`shard ${process.index} lists ${room.id} as ${room.owner}'s`)
  }
  for (const id of running.keys()) if (!listed.has(id)) wrong.push(`shard ${process.index} does not list ${id}`)
}

function compareClocks(up: readonly Process[], wrong: string[]): void {
  let least = Number.POSITIVE_INFINITY
  let most = Number.NEGATIVE_INFINITY
  for (const { node, machine } of up) {
    const clusterMs = node.clusterMs(machine.localMs)
    least = Math.min(least, clusterMs)
    most = Math.max(most, clusterMs)
  }
  if (most - least > MAX_CLOCK_DIFFERENCE_MS) wrong.push(`cluster times differ by ${(most - least).toFixed(1)} ms`)
}
