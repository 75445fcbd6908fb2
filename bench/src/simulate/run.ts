/**
 * One run of the simulation: machines, network, clients and faults, all on virtual time from one seed; then everything heals, and has to be well again.
 * The same settings give the same result, to the hash of every event.
 */
import { compareViews, type View } from '@tickmesh/server/cluster'
import { hash32, SeededRandom, VirtualScheduler } from '@tickmesh/shared'
import { type ClientRequest, type Gate, type LobbyNews, SimClient } from './client.ts'
import type { FaultName } from './fault-names.ts'
import { Faults } from './faults.ts'
import { whatIsWrong } from './healed.ts'
import { Judge, type Violation } from './judge.ts'
import { Machine } from './machine.ts'
import { MachineClock } from './machine-clock.ts'
import { Network } from './network.ts'
import { Play, type PlayCounts } from './play/play.ts'
import { type SimRules, TRUE_RULES } from './sim-rules.ts'
import type { Surroundings } from './surroundings.ts'
import { Trace } from './trace.ts'

export interface RunSettings {
  readonly seed: number
  readonly shards: number
  /** Of which the last part is for healing, if it needs that long. */
  readonly minutes: number
  readonly faults: readonly FaultName[]
  readonly rules?: SimRules
  /** How many others stand by for each room; by the seed, if left out. */
  readonly holders?: number
  /** Whether matches are played, too; true if left out. Without, a run costs a fraction. */
  readonly isPlayed?: boolean
}

export interface RunResult extends PlayCounts {
  readonly seed: number
  readonly shards: number
  readonly violations: readonly Violation[]
  readonly traceHash: string
  readonly events: number
  readonly virtualSeconds: number
  /** Until all was well again; undefined: never. */
  readonly healedMs: number | undefined
  readonly faults: number
  readonly views: number
  readonly roomsOpened: number
  readonly roomTicks: number
  readonly packets: number
  readonly frames: number
  readonly framesRefused: number
  readonly answers: Readonly<Record<string, number>>
  /** Faults at steps that struck: places in `STEPS`. */
  readonly stepsHit: readonly number[]
  /** What happened before the first violation. */
  readonly lastEvents: readonly string[]
}

/** Machines beyond those of the beginning: they join and leave. */
const SPARE_MACHINES = 2
const CLIENTS = 4
const CALM_MS = 2_500
/** What healing may take: gossip has to find again whom it thought dead, views to take everybody back in. */
const HEAL_MS = 45_000
const CHECK_EVERY_MS = 500
/** Once all is well it has to stay so. */
const STAYS_MS = 2_000
const MAX_WAIT_MS = 3_000
/** Virtual time passes in steps of this much, so that promises of clients and doors get their turn. */
const STEP_MS = 5
/** As many steps of promises that wait for each other get their turn at once. */
const PROMISE_TURNS = 8

class Run implements Gate {
  readonly settings: RunSettings
  readonly time = new VirtualScheduler({ maxPending: 500_000 })
  readonly trace = new Trace()
  readonly judge: Judge
  readonly network: Network
  readonly machines: Machine[] = []
  readonly clients: SimClient[] = []
  readonly faults: Faults
  readonly play: Play
  healedMs: number | undefined
  readonly #random: SeededRandom
  #newest: View[] = []

  constructor(settings: RunSettings) {
    this.settings = settings
    const { seed, shards, faults } = settings
    this.#random = new SeededRandom(hash32(seed, shards, 0x5eed, 0))
    this.judge = new Judge(this.trace, () => this.time.now())
    this.network = new Network(this.time, new SeededRandom(this.#random.uint32()))
    this.faults = new Faults(
      {
        time: this.time,
        network: this.network,
        trace: this.trace,
        machines: this.machines,
        shards,
        newestViews: () => this.#newest,
        play: () => this.play,
        // Neighbouring seeds have other ones: a run comes to five or so.
        firstStep: seed * 5,
      },
      new SeededRandom(this.#random.uint32()),
      faults,
    )
    this.#buildMachines()
    const { time, network, judge, machines } = this
    const { isPlayed = true } = settings
    this.play = new Play({ time, network, judge, machines, shards, isPlayed }, new SeededRandom(this.#random.uint32()))
    for (let index = 0; index < CLIENTS; index++) {
      this.clients.push(new SimClient(this.time, new SeededRandom(this.#random.uint32()), this, this.judge))
    }
  }

  get count(): number {
    return this.machines.length
  }

  async run(): Promise<void> {
    const faultsEndMs = Math.max(CALM_MS, this.settings.minutes * 60_000 - 10_000)
    for (const machine of this.machines.slice(0, this.settings.shards)) {
      this.time.at(500 * this.#random.next(), () => machine.start())
    }
    for (const client of this.clients) client.start()
    await this.#passUntil(CALM_MS)
    this.faults.start()
    await this.#passUntil(faultsEndMs)
    this.faults.heal()
    for (const client of this.clients) client.stop()
    for (const machine of this.machines) machine.calm = true
    this.play.rest()
    await this.#awaitHealth(faultsEndMs)
    this.play.finish()
  }

  async #passUntil(timeMs: number): Promise<void> {
    const { time } = this
    while (time.now() < timeMs) {
      time.runUntil(Math.min(timeMs, time.now() + STEP_MS))
      for (let turn = 0; turn < PROMISE_TURNS; turn++) await undefined
    }
  }

  ask(shard: number, request: ClientRequest, done: Parameters<Gate['ask']>[2]): void {
    let answered = false
    const answer: typeof done = (what, life) => {
      if (answered) return
      answered = true
      done(what, life)
    }
    this.time.at(this.time.now() + MAX_WAIT_MS, () => answer(undefined, ''))
    this.time.at(this.time.now() + this.network.delayMs(), () => {
      this.machines[shard]?.ask(request, (what, life) => {
        this.time.at(this.time.now() + this.network.delayMs(), () => answer(what, life))
      })
    })
  }

  subscribe(shard: number, room: string, client: SimClient): void {
    this.time.at(this.time.now() + this.network.delayMs(), () => this.machines[shard]?.subscribe(room, client))
  }

  shardOf(url: string): number {
    return this.machines.findIndex((machine) => machine.url === url)
  }

  tell(shard: number, news: LobbyNews): void {
    this.time.at(this.time.now() + this.network.delayMs(), () => {
      this.machines[shard]?.accept((process) => process.hear(news))
    })
  }

  #buildMachines(): void {
    const { shards, rules, seed } = this.settings
    const byAddress = new Map<string, Machine>()
    const around: Surroundings = {
      time: this.time,
      network: this.network,
      judge: this.judge,
      trace: this.trace,
      rules: this.#drawTimes(rules ?? TRUE_RULES),
      cluster: 'simulated',
      foundingNames: Array.from({ length: shards }, (_, index) => `shard-${index}`),
      byAddress,
      seeds: Array.from({ length: Math.min(3, shards) }, (_, index) => `10.0.0.${index + 1}:7946`),
      steps: this.faults.steps,
      holders: this.settings.holders ?? (this.#random.next() < 0.7 ? 1 : 2),
      play: () => this.play,
      onView: (view) => this.#onView(view),
    }
    for (let index = 0; index < shards + SPARE_MACHINES; index++) {
      const clock = new MachineClock(
        1_000 + 1e6 * this.#random.next(),
        this.faults.drawRate(),
        1.79e12 + 2_000 * this.#random.next(),
      )
      const machine = new Machine(index, clock, hash32(seed, index, 0xc0de, 1), around)
      this.machines.push(machine)
      byAddress.set(machine.address, machine)
      this.network.attach(machine)
    }
  }

  /** Some clusters have longer leases than the default: then it shows earlier whether a takeover waits for them. */
  #drawTimes(rules: SimRules): SimRules {
    const factor = this.#random.next() < 0.5 ? 1 : 2 + 2 * this.#random.next()
    return { ...rules, times: { ...rules.times, leaseMs: rules.times.leaseMs * factor } }
  }

  /** The two newest: the one may be installed, the other decided with it. */
  #onView(view: View): void {
    if (this.#newest.some((known) => compareViews(known, view) === 0)) return
    this.#newest = [...this.#newest, view].sort((a, b) => compareViews(b, a)).slice(0, 2)
  }

  async #awaitHealth(fromMs: number): Promise<void> {
    let wrong: readonly string[] = []
    for (let atMs = fromMs + CHECK_EVERY_MS; atMs <= fromMs + HEAL_MS; atMs += CHECK_EVERY_MS) {
      await this.#passUntil(atMs)
      wrong = whatIsWrong({ machines: this.machines, network: this.network, wildClocks: this.faults.wildClocks })
      if (wrong.length === 0) wrong = this.play.whatIsWrong()
      if (wrong.length > 0) this.healedMs = undefined
      else this.healedMs ??= atMs - fromMs
      if (this.healedMs !== undefined && atMs - fromMs >= this.healedMs + STAYS_MS) return
    }
    for (const what of wrong) this.judge.accuse('not well again', what)
  }
}

export async function runSimulation(settings: RunSettings): Promise<RunResult> {
  const run = new Run(settings)
  try {
    await run.run()
  } catch (error) {
    run.judge.accuse('threw', error instanceof Error ? (error.stack ?? error.message) : String(error))
  }
  const answers: Record<string, number> = {}
  for (const client of run.clients) {
    for (const [kind, count] of Object.entries(client.answers)) answers[kind] = (answers[kind] ?? 0) + count
  }
  const { judge, trace, time, network } = run
  return {
    seed: settings.seed,
    shards: settings.shards,
    violations: judge.violations,
    traceHash: trace.hash,
    events: trace.events,
    virtualSeconds: time.now() / 1000,
    healedMs: run.healedMs,
    faults: run.faults.count,
    views: judge.viewCount,
    roomsOpened: judge.opens,
    roomTicks: judge.acts,
    packets: network.sent,
    frames: run.clients.reduce((sum, { frames }) => sum + frames, 0),
    framesRefused: run.clients.reduce((sum, { refused }) => sum + refused, 0),
    answers,
    ...run.play.counts,
    stepsHit: run.faults.steps.hit,
    lastEvents: judge.lastEvents,
  }
}
