/**
 * What goes wrong in a run, and when, drawn from its seed. Every fault ends by itself; `heal` ends all of them. Machines die only as long as those that decided the
 * newest views keep a majority: without one nothing is promised but that nothing goes wrong, and nothing would be found out by waiting.
 */
import { majorityOf, type View } from '@tickmesh/server/cluster'
import type { SeededRandom, VirtualScheduler } from '@tickmesh/shared'
import type { FaultName } from './fault-names.ts'
import type { Machine } from './machine.ts'
import type { Network } from './network.ts'
import type { Play } from './play/play.ts'
import { StepFaults, type StepWhat, stepName } from './step-faults.ts'
import type { Trace } from './trace.ts'

export interface FaultField {
  readonly time: VirtualScheduler
  readonly network: Network
  readonly trace: Trace
  readonly machines: readonly Machine[]
  /** Members from the beginning; the others join and leave. */
  readonly shards: number
  /** The newest views that anybody installed. */
  newestViews(): readonly View[]
  play(): Play
  /** The first of the faults at steps that this run has. */
  readonly firstStep: number
}

/** Between two faults, at the mean. */
const MEAN_GAP_MS = 800
const USUAL_RATE = 500e-6
const WORST_RATE = 0.08

/** These come twice as often as the others. */
const OFTEN: ReadonlySet<FaultName> = new Set(['crash', 'hang', 'partition', 'oneway', 'reject', 'move'])

export class Faults {
  count = 0
  readonly steps: StepFaults
  readonly #field: FaultField
  readonly #random: SeededRandom
  readonly #names: readonly FaultName[]
  /** This run's clocks run off by up to 8 %. */
  readonly #wildClocks: boolean
  readonly #strikesSteps: boolean
  #stopped = false

  constructor(field: FaultField, random: SeededRandom, names: readonly FaultName[]) {
    this.#field = field
    this.#random = random
    // A full restart is a rare thing: only some runs have it.
    const rare = random.next() < 0.25
    this.#wildClocks = random.next() < 0.3
    // Steps have a time of their own.
    const drawn = names.filter((name) => name !== 'step' && (name !== 'restart-all' || rare))
    this.#strikesSteps = names.includes('step')
    this.#names = [...drawn, ...drawn.filter((name) => OFTEN.has(name))]
    this.steps = new StepFaults(
      {
        time: field.time,
        isPlayed: (room) => field.play().isPlayed(room),
        strike: (what, at, from, to) => this.#strikeAt(what, at, from, to),
        struck: (step) => {
          this.count++
          field.trace.add(field.time.now(), 'fault at a step:', -1, stepName(step))
        },
      },
      field.firstStep,
    )
  }

  /** The rate at which a machine's clock runs. */
  drawRate(): number {
    if (!this.#names.includes('drift')) return 1
    const bound = this.#wildClocks ? WORST_RATE : USUAL_RATE
    return 1 + bound * (2 * this.#random.next() - 1)
  }

  get wildClocks(): boolean {
    return this.#wildClocks && this.#names.includes('drift')
  }

  start(): void {
    if (this.#names.length > 0) this.#later()
    if (this.#strikesSteps) this.steps.start()
  }

  /** All is well from now on, and stays so. */
  heal(): void {
    this.#stopped = true
    this.steps.stop()
    const { network, machines, shards, time, trace } = this.#field
    trace.add(time.now(), 'all faults end', -1)
    network.healAll()
    for (const machine of machines) {
      if (machine.hung) machine.resume()
      if (machine.process === undefined && (machine.index < shards || machine.lives > 0)) machine.start()
    }
  }

  #later(): void {
    const { time } = this.#field
    time.at(time.now() - Math.log(1 - this.#random.next()) * MEAN_GAP_MS, () => {
      if (this.#stopped) return
      this.#strike()
      this.#later()
    })
  }

  #strike(): void {
    const name = this.#names[this.#random.int(0, this.#names.length - 1)]
    if (name === undefined) return
    this.count++
    const { trace, time } = this.#field
    trace.add(time.now(), `fault: ${name}`, -1)
    switch (name) {
      case 'crash':
        return void this.#crash()
      case 'hang':
        return this.#running()?.hang(this.#random.next() < 0.5 ? this.#drawMs(80, 1_000) : this.#drawMs(1_500, 6_000))
      case 'partition':
        return this.#partition()
      case 'oneway':
        return this.#oneWay()
      case 'reject':
        return this.#reject()
      case 'loss':
        return this.#forAWhile(2_000, 10_000, 'loss', 0.3 * this.#random.next())
      case 'burst':
        return this.#burst(this.#random.int(2, 8))
      case 'duplicate':
        return this.#forAWhile(2_000, 10_000, 'duplicate', 0.3 * this.#random.next())
      case 'reorder':
        return this.#forAWhile(2_000, 10_000, 'reorder', 0.5 * this.#random.next())
      case 'delay':
        return this.#delay()
      case 'drift':
        return this.#running()?.setRate(this.drawRate())
      case 'wall':
        return this.#running()?.clock.stepWall((this.#random.next() - 0.5) * 10 ** this.#random.int(3, 8))
      case 'churn':
        return this.#churn()
      case 'drain':
        return this.#running()?.accept((process, nowMs) => process.drain(nowMs))
      case 'move':
        return this.#move()
      case 'cut-client':
        return this.#cutClient()
      case 'restart-all':
        return this.#restartAll()
      case 'step':
        return
    }
  }

  #crash(machine = this.#running()): boolean {
    if (machine === undefined || !this.#isSpared(machine)) return false
    machine.crash('crashes')
    this.#after(this.#drawMs(30, 6_000), () => machine.start())
    return true
  }

  /** Right at a step of something. False: not now. */
  #strikeAt(what: StepWhat, at: number, from: number, to: number): boolean {
    const machine = this.#field.machines[at]
    if (machine?.process === undefined || machine.hung) return false
    if (what === 'crash') return this.#crash(machine)
    if (what === 'hang') machine.hang(this.#drawMs(300, 5_000))
    else
      this.#cutFor(
        [
          [from, to],
          [to, from],
        ],
        this.#drawMs(300, 5_000),
      )
    return true
  }

  #cutFor(cuts: readonly (readonly [from: number, to: number])[], ms: number): void {
    const { network } = this.#field
    for (const [from, to] of cuts) network.cut(from, to)
    this.#after(ms, () => {
      for (const [from, to] of cuts) network.mend(from, to)
    })
  }

  /** A room that is played goes to another shard, by an operator's word. */
  #move(): void {
    const { machines, play } = this.#field
    const { rooms, moves } = play()
    const room = rooms[this.#random.int(0, rooms.length - 1)] ?? ''
    const machine = machines.find(({ process }) => process?.played.running.has(room) === true)
    const members = machine?.process?.node.view?.members.filter(({ life }) => life !== machine.process?.life) ?? []
    const to = members[this.#random.int(0, Math.max(0, members.length - 1))]
    if (machine === undefined || to === undefined) return
    machine.accept((process, nowMs) =>
      process.node.moves.move(room, to.life, nowMs, (outcome) => {
        moves[outcome]++
      }),
    )
  }

  /** A client's way to all shards, or to one of them. */
  #cutClient(): void {
    const { machines, play } = this.#field
    const { players } = play()
    const place = players[this.#random.int(0, players.length - 1)]?.place
    if (place === undefined) return
    const only = this.#random.next() < 0.6 ? this.#random.int(0, machines.length - 1) : undefined
    const cuts: [number, number][] = []
    for (const { index } of machines)
      if (only === undefined || only === index) cuts.push([index, place], [place, index])
    this.#cutFor(cuts, this.#drawMs(100, 4_000))
  }

  #restartAll(): void {
    for (const machine of this.#field.machines) {
      if (machine.process === undefined) continue
      machine.crash('crashes with all others')
      this.#after(this.#drawMs(100, 5_000), () => machine.start())
    }
  }

  #partition(): void {
    const { machines } = this.#field
    const side = machines.map(() => this.#random.next() < 0.5)
    const cuts: [number, number][] = []
    for (const a of machines) {
      for (const b of machines) if (side[a.index] !== side[b.index]) cuts.push([a.index, b.index])
    }
    this.#cutFor(cuts, this.#drawMs(300, 9_000))
  }

  /** What one machine sends, or what it gets, from all others or from one. */
  #oneWay(): void {
    const { machines } = this.#field
    const victim = this.#random.int(0, machines.length - 1)
    const only = this.#random.next() < 0.4 ? this.#random.int(0, machines.length - 1) : undefined
    const outwards = this.#random.next() < 0.5
    const cuts: [number, number][] = []
    for (const { index } of machines) {
      if (index === victim || (only !== undefined && index !== only)) continue
      cuts.push(outwards ? [victim, index] : [index, victim])
    }
    this.#cutFor(cuts, this.#drawMs(300, 8_000))
  }

  /** A proxy or firewall refuses connections to one that is alive. */
  #reject(): void {
    const { machines, network } = this.#field
    const victim = this.#random.int(0, machines.length - 1)
    network.refuse(victim, true)
    this.#after(this.#drawMs(100, 3_000), () => network.refuse(victim, false))
  }

  /** A link that comes and goes in fractions of a second. */
  #burst(left: number): void {
    const { machines, network } = this.#field
    const from = this.#random.int(0, machines.length - 1)
    const to = this.#random.int(0, machines.length - 1)
    if (from === to) return
    network.cut(from, to)
    this.#after(this.#drawMs(50, 700), () => {
      network.mend(from, to)
      if (left > 0 && !this.#stopped) this.#after(this.#drawMs(50, 500), () => this.#burst(left - 1))
    })
  }

  #forAWhile(leastMs: number, mostMs: number, what: 'loss' | 'duplicate' | 'reorder', value: number): void {
    const { weather } = this.#field.network
    weather[what] = value
    this.#after(this.#drawMs(leastMs, mostMs), () => {
      weather[what] = 0
    })
  }

  #delay(): void {
    const { weather } = this.#field.network
    const { delayMs, jitterMs } = weather
    weather.delayMs = this.#drawMs(1, 120)
    weather.jitterMs = this.#drawMs(1, 60)
    this.#after(this.#drawMs(500, 6_000), () => {
      weather.delayMs = delayMs
      weather.jitterMs = jitterMs
    })
  }

  /** A machine leaves in order, or one that is not there comes. */
  #churn(): void {
    const { machines } = this.#field
    const machine = machines[this.#random.int(0, machines.length - 1)]
    if (machine === undefined) return
    if (machine.process === undefined) {
      machine.start()
      return
    }
    if (!this.#isSpared(machine) || machine.leaving) return
    machine.leaving = true
    machine.accept((process, nowMs) => process.node.leave(nowMs))
    const { boot } = machine
    // An operator's patience.
    this.#after(5_000, () => {
      if (machine.boot === boot) machine.crash('is stopped')
      this.#after(this.#drawMs(100, 4_000), () => machine.start())
    })
  }

  /** One that runs, is not stopped, and may be drawn. */
  #running(): Machine | undefined {
    const running = this.#field.machines.filter((machine) => machine.process !== undefined && !machine.hung)
    return running[this.#random.int(0, Math.max(0, running.length - 1))]
  }

  /** Without this one, enough are left of those that decide. */
  #isSpared(machine: Machine): boolean {
    const alive = new Set<string>()
    for (const other of this.#field.machines) {
      if (other !== machine && other.process !== undefined && !other.leaving) alive.add(other.process.life)
    }
    return this.#field
      .newestViews()
      .every(({ voters }) => voters.filter((life) => alive.has(life)).length >= majorityOf(voters.length))
  }

  #after(ms: number, run: () => void): void {
    const { time } = this.#field
    time.at(time.now() + ms, () => {
      if (!this.#stopped) run()
    })
  }

  /** More often short than long. */
  #drawMs(leastMs: number, mostMs: number): number {
    return leastMs * (mostMs / leastMs) ** this.#random.next()
  }
}
