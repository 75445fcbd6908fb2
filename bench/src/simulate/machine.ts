/**
 * One simulated machine: clocks, a disk, and a shard process on it, which is started, killed and stopped. While it is stopped nothing runs: what comes and what is
 * due piles up, and happens all at once afterwards. A process that ends its life is started anew, as the shell of a shard does.
 */
import type { LocateAnswer, ViewMemory } from '@tickmesh/server/cluster'
import { SeededRandom } from '@tickmesh/shared'
import type { ClientRequest, SimClient } from './client.ts'
import type { MachineClock } from './machine-clock.ts'
import { Process } from './process.ts'
import type { ProcessHome, Surroundings } from './surroundings.ts'

/** What a stopped process's sockets hold, beyond which datagrams are lost. */
const MAX_INBOX = 2_000
const ROOM_TICK_MS = 50

export class Machine implements ProcessHome {
  readonly index: number
  readonly name: string
  readonly address: string
  readonly url: string
  readonly clock: MachineClock
  readonly around: Surroundings
  /** What was written before the last answer to a ballot. */
  disk: ViewMemory | undefined
  process: Process | undefined
  boot = 0
  /** In true time; 0: it runs. */
  hungUntilMs = 0
  /** Its process stays down when it ends by itself. */
  leaving = false
  /** Its rooms do not end by themselves any more. */
  calm = false
  lives = 0
  readonly #random: SeededRandom
  readonly #inbox: ((process: Process, nowMs: number) => void)[] = []
  /** Its rooms' timer fired while it was stopped. */
  #roomsDue = false
  #wakeAtMs = Number.POSITIVE_INFINITY
  #eager = 0
  #ticking = false
  #lastLife: string | undefined

  constructor(index: number, clock: MachineClock, seed: number, around: Surroundings) {
    this.index = index
    this.name = `shard-${index}`
    this.address = `10.0.0.${index + 1}:7946`
    this.url = `ws://10.0.0.${index + 1}:8080`
    this.clock = clock
    this.around = around
    this.#random = new SeededRandom(seed)
  }

  /** For `Network`: whether something listens at its ports. */
  get listening(): boolean {
    return this.process !== undefined
  }

  get hung(): boolean {
    return this.hungUntilMs > this.around.time.now()
  }

  get localMs(): number {
    return this.clock.localAt(this.around.time.now())
  }

  start(): void {
    if (this.process !== undefined) return
    const { rules, time, trace } = this.around
    this.boot++
    this.lives++
    this.leaving = false
    const life = rules.shell.nextLife(() => this.#random.uint32(), this.#lastLife)
    this.#lastLife = life
    this.hungUntilMs = 0
    this.#inbox.length = 0
    this.#wakeAtMs = Number.POSITIVE_INFINITY
    trace.add(time.now(), 'starts', this.index, life)
    if (this.#roomsDue) this.#ticking = false
    this.#roomsDue = false
    this.process = new Process(this, life, new SeededRandom(this.#random.uint32()))
    this.run(() => {})
  }

  /** The process is gone at once, as by kill -9. */
  crash(why: string): void {
    const { process } = this
    if (process === undefined) return
    this.around.trace.add(this.around.time.now(), why, this.index)
    process.gone()
    this.process = undefined
    this.#inbox.length = 0
    this.hungUntilMs = 0
  }

  /** As by SIGSTOP, and SIGCONT after a while. */
  hang(forMs: number): void {
    const { time, trace } = this.around
    if (this.process === undefined || this.hung) return
    trace.add(time.now(), 'hangs', this.index, forMs)
    this.hungUntilMs = time.now() + forMs
    const { boot } = this
    time.at(this.hungUntilMs, () => {
      if (this.boot === boot && this.process !== undefined) this.resume()
    })
  }

  /** Timers and sockets have all waited; which come first is anybody's guess. */
  resume(): void {
    this.around.trace.add(this.around.time.now(), 'goes on', this.index)
    this.hungUntilMs = 0
    const waiting = this.#inbox.splice(0)
    const due = [
      () => this.run((process, nowMs) => process.node.tick(nowMs)),
      () => {
        if (this.#roomsDue) this.#tickRooms()
      },
      () => {
        for (const what of waiting) this.run(what)
      },
    ]
    while (due.length > 0) due.splice(this.#random.int(0, due.length - 1), 1)[0]?.()
  }

  /** Something for the process: now, or when it goes on. */
  accept(what: (process: Process, nowMs: number) => void): void {
    if (this.process === undefined) return
    if (!this.hung) this.run(what)
    else if (this.#inbox.length < MAX_INBOX) this.#inbox.push(what)
  }

  run(what: (process: Process, nowMs: number) => void): void {
    const { process } = this
    if (process === undefined) return
    what(process, this.localMs)
    process.lookAtLease()
    if (process.ended !== undefined) this.#endLife(process.ended)
    else this.#scheduleWake(process)
  }

  /** The clock's rate changed: what was scheduled by it comes earlier or later. */
  setRate(rate: number): void {
    this.clock.setRate(rate, this.around.time.now())
    this.#wakeAtMs = Number.POSITIVE_INFINITY
    if (!this.hung) this.run(() => {})
  }

  /** Its rooms have ticks from now on. */
  startTicking(): void {
    if (this.#ticking) return
    this.#ticking = true
    this.#scheduleRoomTick()
  }

  ask(request: ClientRequest, client: (answer: LocateAnswer, life: string) => void): void {
    this.accept((process, nowMs) => {
      const done = (answer: LocateAnswer) => client(answer, process.life)
      if (request.kind === 'locate') process.node.locate(request.id ?? '', nowMs, done)
      else process.node.create(request.id === undefined ? {} : { id: request.id }, nowMs, done)
    })
  }

  subscribe(room: string, client: SimClient): void {
    this.accept((process) => process.subscribe(room, client))
  }

  #endLife(reason: string): void {
    const { time } = this.around
    this.crash(`life ends: ${reason}`)
    if (this.leaving) return
    const { boot } = this
    time.at(time.now() + 50 + 200 * this.#random.next(), () => {
      if (this.boot === boot) this.start()
    })
  }

  #scheduleRoomTick(): void {
    const { time } = this.around
    const at = this.clock.trueAt(Math.floor(this.localMs / ROOM_TICK_MS + 1) * ROOM_TICK_MS)
    // Never twice in a tick, however times are rounded.
    time.at(Math.max(at, time.now() + 1), () => {
      if (this.hung) this.#roomsDue = true
      else this.#tickRooms()
    })
  }

  #tickRooms(): void {
    this.#ticking = false
    this.#roomsDue = false
    this.run((process, nowMs) => {
      process.tickRooms(nowMs)
      if (process.rooms.size > 0) this.startTicking()
    })
  }

  #scheduleWake(process: Process): void {
    const { time, judge } = this.around
    const { nextMs } = process.node
    if (nextMs === Number.POSITIVE_INFINITY) return
    const nowMs = time.now()
    const dueMs = this.clock.trueAt(nextMs)
    this.#eager = dueMs <= nowMs ? this.#eager + 1 : 0
    if (this.#eager === 20_000) judge.accuse('never at rest', `shard ${this.index} is due again after each tick`)
    // Timers are late, never early.
    const atMs = Math.max(dueMs, nowMs + 0.05) + 0.7 * this.#random.next()
    if (atMs >= this.#wakeAtMs - 1) return
    this.#wakeAtMs = atMs
    const { boot } = this
    time.at(atMs, () => {
      if (this.boot !== boot || this.#wakeAtMs !== atMs) return
      this.#wakeAtMs = Number.POSITIVE_INFINITY
      this.accept((running, localMs) => running.node.tick(localMs))
    })
  }
}
