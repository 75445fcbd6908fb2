/**
 * The rooms of a simulated process that are really played: a room host, its doors, and what ties it to the cluster, as the composition of a real shard has it
 * (cluster/net/shard-cluster.ts). Tells the judge and the books of matches what happens.
 */
import { type LogLine, RoomHost } from '@tickmesh/server'
import {
  type HostedRoom,
  HostedRooms,
  type KeptHost,
  type LocateAnswer,
  type RoomEpoch,
  RoomGate,
  type ShardKeeper,
} from '@tickmesh/server/cluster'
import { type EpochTriple, type Link, SeededRandom } from '@tickmesh/shared'
import { type Accused, epochText } from '../judge.ts'
import type { ProcessHome } from '../surroundings.ts'
import type { ListeningProcess } from './client-lines.ts'
import { MachineTimer } from './machine-timer.ts'
import type { PlayGround } from './play-ground.ts'
import { type Tally, tallyRules } from './tally-game.ts'

type TickRecord = Parameters<HostedRoom['standby']['append']>[0]

/** The life that they are part of. */
export interface PlayLife extends Accused {
  readonly node: NonNullable<ReturnType<ConstructorParameters<typeof HostedRooms>[0]['life']>> & {
    mayAct(nowMs: number): boolean
    clusterMs(nowMs: number): number
    roomEnded(id: string, nowMs: number): void
    locate(id: string, nowMs: number, done: (answer: LocateAnswer) => void): void
    create(request: { readonly id: string }, nowMs: number, done: (answer: LocateAnswer) => void): void
  }
}

const MAX_ROOMS = 20
const LIST_EVERY_MS = 250
const PATIENCE_MS = 3_500
const GRACE_MS = 120_000
const ROOM_IDLE_MS = 5_000

export class PlayedRooms implements ListeningProcess {
  readonly host: RoomHost<Tally>
  readonly keeper: ShardKeeper
  /** Those that run here, and their epochs. */
  readonly running = new Map<string, RoomEpoch>()
  readonly #machine: ProcessHome
  readonly #life: PlayLife
  readonly #ground: PlayGround
  readonly #timer: MachineTimer
  readonly #gate: RoomGate
  readonly #hosted: HostedRooms
  /** How many hold each room that runs here. */
  readonly #holders = new Map<string, number>()

  constructor(machine: ProcessHome, life: PlayLife, seed: number, ground: PlayGround) {
    this.#machine = machine
    this.#life = life
    this.#ground = ground
    this.#timer = new MachineTimer(machine)
    const numbers = new SeededRandom(seed)
    const { judge, trace, time, rules } = machine.around
    const note = (event: string, message: string): void => trace.add(time.now(), `${event}:`, machine.index, message)
    this.#gate = new RoomGate(() => this.#source(), {
      owned: (room) => this.#hosted.epochOf(room),
      standsBy: (room) => this.#hosted.standsBy(room),
      nowMs: () => this.#timer.nowMs(),
      after: (ms, run) => this.#timer.wakeAt(this.#timer.nowMs() + ms, run),
      patienceMs: PATIENCE_MS,
    })
    const tally = tallyRules({
      ticks: (room) => this.#ticks(room.id),
      effect: (effect) => ground.effect(effect, this.#timer),
    })
    this.host = new RoomHost<Tally>(ground.game, tally, {
      timer: this.#timer,
      entropy: () => numbers.uint32(),
      graceMs: GRACE_MS,
      roomIdleMs: ROOM_IDLE_MS,
      maxRooms: MAX_ROOMS,
      directory: this.#gate,
      mayAct: () => rules.play.mayAct(life.node.mayAct(machine.localMs)),
      build: 'simulated',
      clusterMs: () => life.node.clusterMs(machine.localMs),
      onRoomEnded: (room) => this.#hosted.ended(room),
      onEffectsDone: (room) => this.#ended(room),
      log: (line: LogLine) => {
        note(line.event, line.message)
        // The outside fails now and then.
        if (line.level === 'error' && line.event !== 'effect-failed')
          judge.accuse('a room failed', `${line.message} ${JSON.stringify(line).slice(0, 400)}`)
      },
    })
    this.#hosted = new HostedRooms({
      host: this.#kept(),
      life: () => life.node,
      nowMs: () => this.#timer.nowMs(),
      mode: 'inputs',
      wake: () => {},
      note,
      onOpened: (room) => this.#gate.opened(room),
      onLost: (room) => this.#lost(room),
    })
    this.keeper = this.#hosted
    this.#listSoon()
  }

  takeClient(link: Link, address: string): void {
    this.host.accept(link, { address })
  }

  leaseChanged(held: boolean): void {
    if (this.#machine.around.rules.play.mayAct(held)) this.host.thaw()
    else if (this.host.rooms.size > 0) this.host.freeze()
  }

  /** This life is over. */
  closeAll(): void {
    this.#hosted.closeAll()
  }

  drain(): void {
    this.#hosted.drain()
  }

  // What the cluster says, as the books have it.

  heldTo(room: string, tick: number): void {
    const epoch = this.running.get(room)
    if (epoch !== undefined) this.#ground.matches.of(room)?.held(epoch, tick, (this.#holders.get(room) ?? 0) > 0)
    this.#hosted.heldTo(room, this.#machine.around.rules.play.heldTick(tick))
  }

  holdersChanged(...given: Parameters<ShardKeeper['holdersChanged']>): void {
    const [room, holders] = given
    this.#holders.set(room, holders.length)
    this.#hosted.holdersChanged(...given)
  }

  close(room: string, why: 'lost-ownership' | 'removed'): void {
    this.#stops(room)
    this.#hosted.close(room, why)
  }

  halt(room: string): ReturnType<ShardKeeper['halt']> {
    const halt = this.#hosted.halt(room)
    if (halt !== undefined) this.#stops(room)
    return halt
  }

  takeOver(room: string, epoch: RoomEpoch): boolean {
    const isTaken = this.#hosted.takeOver(room, epoch)
    // One that it had stopped itself.
    if (isTaken && !this.running.has(room)) this.#returns(room, epoch)
    return isTaken
  }

  goOn(room: string, epoch: RoomEpoch): void {
    this.#hosted.goOn(room, epoch)
    if (this.#hosted.epochOf(room) !== undefined) this.#returns(room, epoch)
  }

  #returns(room: string, epoch: RoomEpoch): void {
    this.#runs(room, epoch)
    this.#ground.matches.restored(room, epoch, this.host.roomNamed(room)?.tickNumber ?? -1, 'return')
  }

  #stops(room: string): void {
    if (!this.running.delete(room)) return
    const { judge, trace, time } = this.#machine.around
    trace.add(time.now(), 'plays no more', this.#machine.index, room)
    judge.closed(this.#life, room)
  }

  #runs(room: string, epoch: RoomEpoch): void {
    this.running.set(room, epoch)
    const { judge, trace, time } = this.#machine.around
    this.#holders.delete(room)
    trace.add(time.now(), 'plays', this.#machine.index, `${room} ${epochText(epoch)}`)
    judge.opened(this.#life, room, epoch)
  }

  #ended(room: string): void {
    if (!this.#hosted.over(room)) return
    this.#stops(room)
    this.#ground.matches.ended(room, 'ended')
    this.#life.node.roomEnded(room, this.#timer.nowMs())
  }

  #lost(room: string): void {
    const epoch = this.#ground.matches.of(room)?.epoch
    if (epoch !== undefined) this.#ground.matches.lost(room, epoch)
  }

  #ticks(id: string): void {
    const epoch = this.running.get(id)
    if (epoch !== undefined) this.#machine.around.judge.acted(this.#life, id, epoch)
  }

  /** A tick of it is over. */
  #told(id: string, record: TickRecord): void {
    const epoch = this.running.get(id)
    const match = this.#ground.matches.of(id)
    if (epoch === undefined || match === undefined) return
    match.told(epoch, record)
    for (const [seat, { stats }] of this.host.rooms.get(id)?.players ?? [])
      match.refused(epoch, seat, stats.refusedPresses)
  }

  /** Where rooms are, for whoever says hello. */
  #source(): ConstructorParameters<typeof RoomGate>[0] extends () => infer Source ? Source : never {
    const ask = (question: (done: (answer: LocateAnswer) => void, nowMs: number) => void): Promise<LocateAnswer> =>
      new Promise((resolve) => this.#machine.accept((_, nowMs) => question(resolve, nowMs)))
    return {
      mayAct: () => this.#life.node.mayAct(this.#machine.localMs),
      locate: (id) => ask((done, nowMs) => this.#life.node.locate(id, nowMs, done)),
      create: ({ id = '' }) => ask((done, nowMs) => this.#life.node.create({ id }, nowMs, done)),
    }
  }

  /** The room host, as it is kept; what happens there is written into the books. */
  #kept(): KeptHost {
    const { host } = this
    const { matches } = this.#ground
    const tapped = (id: string, room: HostedRoom): HostedRoom => {
      const { standby } = room
      return {
        ...room,
        standby: {
          get mode() {
            return standby.mode
          },
          get heldTick() {
            return standby.heldTick
          },
          get urls() {
            return standby.urls
          },
          append: (record) => {
            this.#told(id, record)
            standby.append(record)
          },
        },
      }
    }
    return {
      openRoom: (id, room) => {
        const core = host.openRoom(id, tapped(id, room))
        const epoch = epochOf(room.epoch)
        this.#runs(id, epoch)
        const { tick, journal } = core.keyframe()
        const { secretSeed, publicSeed } = core.options
        const head = { historyTicks: core.history.capacity, secretSeed, publicSeed }
        matches.opened(id, epoch, { tick, journal: journal.slice() }, head)
        return core
      },
      openReplica: (keyframe) => host.openReplica(keyframe),
      restoreRoom: (id, room, replica, late) => {
        const { tick } = replica
        const core = host.restoreRoom(id, tapped(id, room), replica, late)
        const epoch = epochOf(room.epoch)
        this.#runs(id, epoch)
        matches.restored(id, epoch, tick, late === undefined ? 'failover' : 'move')
        return core
      },
      expectRoom: (id, replica) => host.expectRoom(id, replica),
      arrived: (id) => host.arrived(id),
      dropRoom: (id, reason) => host.dropRoom(id, reason),
      handOver: (id, place) => host.handOver(id, place),
      roomNamed: (id) => host.roomNamed(id),
      get load() {
        return host.load
      },
    }
  }

  #listSoon(): void {
    this.#timer.wakeAt(this.#timer.nowMs() + LIST_EVERY_MS, () => {
      this.#hosted.list()
      this.#listSoon()
    })
  }
}

function epochOf([generation, view, k]: EpochTriple): RoomEpoch {
  return { generation, view, k }
}
