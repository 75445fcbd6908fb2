/**
 * Many gossiping members in one process, on virtual time: delays of a local network, crashes, and members whose messages are held up for a while. Called by the measurements
 * of this bench. The same seed gives the same run.
 */
import {
  encodeTags,
  type GossipMember,
  type Lifeguard,
  type NodeState,
  OUR_VERSIONS,
  parseAddress,
  Swim,
  type SwimTimes,
} from '@tickmesh/server/cluster'
import { SeededRandom, VirtualScheduler } from '@tickmesh/shared'

const MIN_DELAY_MS = 0.2
const JITTER_MS = 0.8
const TCP_GIVES_UP_MS = 10_000

export interface GossipSettings {
  readonly members: number
  readonly times: SwimTimes
  readonly lifeguard: Lifeguard
  readonly seed: number
  readonly changed: (observer: number, member: GossipMember, before: GossipMember | undefined) => void
}

interface Machine {
  readonly swim: Swim
  readonly index: number
  crashed: boolean
  /** What it would send and what comes for it while its messages are held, in order. */
  held: { readonly out: (() => void)[]; readonly in: (() => void)[] } | undefined
  wakeMs: number
}

export function nameOf(index: number): string {
  return `member-${index}`
}

function addressOf(index: number): string {
  return `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}:7946`
}

export class GossipNetwork {
  readonly scheduler = new VirtualScheduler()
  readonly #random: SeededRandom
  readonly #machines: Machine[] = []
  readonly #byAddress = new Map<string, Machine>()

  /** All know each other from the start, as after a join long ago. */
  constructor(settings: GossipSettings) {
    this.#random = new SeededRandom(settings.seed)
    const states = Array.from({ length: settings.members }, (_, index) => stateOf(index))
    for (let index = 0; index < settings.members; index++) this.#add(index, settings, states)
    for (const machine of this.#machines) this.#wake(machine)
  }

  get nowMs(): number {
    return this.scheduler.now()
  }

  swim(index: number): Swim {
    const machine = this.#machines[index]
    if (machine === undefined) throw new RangeError(`there is no member ${index}`)
    return machine.swim
  }

  /** After calling a swim from outside. */
  touched(index: number): void {
    const machine = this.#machines[index]
    if (machine !== undefined) this.#wake(machine)
  }

  crash(index: number): void {
    const machine = this.#machines[index]
    if (machine !== undefined) machine.crashed = true
  }

  /**
   * Its messages wait, those that it sends and those that come, while its clock runs: what Lifeguard's authors did to a member to make it slow.
   */
  hold(index: number): void {
    const machine = this.#machines[index]
    if (machine !== undefined) machine.held ??= { out: [], in: [] }
  }

  release(index: number): void {
    const machine = this.#machines[index]
    if (machine?.held === undefined) return
    const { held } = machine
    machine.held = undefined
    for (const run of held.out) run()
    for (const run of held.in) run()
    this.#wake(machine)
  }

  run(ms: number): void {
    this.scheduler.runUntil(this.nowMs + ms)
  }

  #add(index: number, { times, lifeguard, changed }: GossipSettings, states: readonly NodeState[]): void {
    const draw = new SeededRandom(this.#random.uint32())
    const machine: Machine = {
      swim: new Swim(
        {
          name: nameOf(index),
          address: addressOf(index),
          tags: TAGS,
          times,
          lifeguard,
          random: () => draw.uint32(),
          incarnation: 1,
        },
        {
          sendPacket: (to, packet) => this.#send(machine, to, packet),
          exchange: (to, request, id) => this.#exchange(machine, to, request, id),
          memberChanged: (member, before) => changed(index, member, before),
          note: () => {},
        },
      ),
      index,
      crashed: false,
      held: undefined,
      wakeMs: Number.POSITIVE_INFINITY,
    }
    machine.swim.remember(states, 0)
    this.#machines.push(machine)
    this.#byAddress.set(addressOf(index), machine)
  }

  #wake(machine: Machine): void {
    const atMs = Math.max(this.nowMs, machine.swim.nextMs)
    if (atMs >= machine.wakeMs || atMs === Number.POSITIVE_INFINITY) return
    machine.wakeMs = atMs
    this.scheduler.at(atMs, () => {
      if (machine.wakeMs !== atMs) return
      machine.wakeMs = Number.POSITIVE_INFINITY
      this.#tick(machine)
    })
  }

  #tick(machine: Machine): void {
    if (machine.crashed) return
    machine.swim.tick(this.nowMs)
    this.#wake(machine)
  }

  /** Now, or once its messages are held no more. */
  #deliver(machine: Machine, run: () => void): void {
    if (machine.crashed) return
    if (machine.held !== undefined) {
      machine.held.in.push(run)
      return
    }
    run()
    this.#wake(machine)
  }

  #leave(machine: Machine, run: () => void): void {
    if (machine.held === undefined) this.#later(run)
    else machine.held.out.push(() => this.#later(run))
  }

  #send(from: Machine, to: string, packet: Uint8Array): void {
    const machine = this.#byAddress.get(to)
    if (machine === undefined) return
    const address = addressOf(from.index)
    this.#leave(from, () => this.#deliver(machine, () => machine.swim.received(address, packet, this.nowMs)))
  }

  /** Over TCP: connecting takes a round trip; of who crashed nothing is heard. */
  #exchange(from: Machine, to: string, request: Uint8Array, id: number): void {
    const machine = this.#byAddress.get(to)
    const endMs = this.nowMs + TCP_GIVES_UP_MS
    const answer = (bytes: Uint8Array | undefined) =>
      this.#deliver(from, () => from.swim.answered(id, bytes, this.nowMs))
    if (machine === undefined || machine.crashed) {
      this.scheduler.at(endMs, () => answer(undefined))
      return
    }
    this.#leave(from, () =>
      this.#later(() =>
        this.#deliver(machine, () => {
          const bytes = machine.swim.asked(addressOf(from.index), request, this.nowMs)
          const inTime = bytes instanceof Uint8Array && this.nowMs < endMs
          this.#leave(machine, () => answer(inTime ? bytes : undefined))
        }),
      ),
    )
  }

  #later(run: () => void): void {
    this.scheduler.at(this.nowMs + MIN_DELAY_MS + this.#random.next() * JITTER_MS, run)
  }
}

const TAGS = { role: 'tickmesh', cluster: 'bench', url: 'wss://shard.example:8080', zone: 'a' }
const META = encodeTags(TAGS)
const VERSIONS = Uint8Array.from(OUR_VERSIONS)

function stateOf(index: number): NodeState {
  const address = parseAddress(addressOf(index))
  if (address === undefined) throw new RangeError(`no address for member ${index}`)
  return { name: nameOf(index), address, meta: META, incarnation: 1, state: 'alive', versions: VERSIONS }
}
