/**
 * A model for `explore`: three shards, one room, one move of it from shard 0 to shard 1, with the real `Migrations` of each shard. What is around them is a toy, and as bad as
 * it may be: every message that was ever sent may arrive at any moment, any number of times, or never; each shard's clock goes at a rate of its own; shards crash, views are
 * installed in any order, an owner is told to abort at any moment; a removed shard acts until its lease is over.
 *
 * Toys: the home (one per view, on a shard that may crash; its questions and answers are one step; the rules are those of ring/), standby (a holder takes one tick at a time; held is
 * what all holders of an owner have), rooms (a state is the list of the epochs in which its ticks ran). Left out: more rooms, players, hashes: the keeper opens whatever the rules let it.
 */

import type { MoveKeeper, MoveParts } from '../../../src/cluster/migrate/migrate-api.ts'
import type { MoveRules, MoveTimes } from '../../../src/cluster/migrate/migrate-rules.ts'
import { Migrations } from '../../../src/cluster/migrate/migrations.ts'
import { emptyMemory, type MoveMemory } from '../../../src/cluster/migrate/move-memory.ts'
import type { MoveMessage } from '../../../src/cluster/migrate/move-messages.ts'
import type { LocateAnswer } from '../../../src/cluster/ring/rooms-api.ts'
import { compareEpochs, type RoomEpoch, type View } from '../../../src/cluster/view/view.ts'
import type { Model } from '../model/explore.ts'
import { lifeOf, memberOf, numbers, viewOf } from '../ring/test-view.ts'

const ROOM = 'r'
const SHARDS = 3
/** A look, and the least of everything: what takes longer is more looks. */
const TIMES: MoveTimes = {
  ...{ holdingMs: 2, namingMs: 2, gatheringMs: 2, answerMs: 1, waitMs: 1, expectMs: 2 },
  ...{ lookMs: 1, retryMs: 1, maxRetryMs: 1, askMs: 1, haltingMs: 0 },
  // What is proven is what is promised: after so long it may be forgotten unheld.
  openedMs: Number.POSITIVE_INFINITY,
}
/** Times below this one are alike. */
const LONG_AGO = -3

export interface MoveCase {
  readonly rules: MoveRules
  /** Members, view by view. */
  readonly views: readonly (readonly number[])[]
  /** The shard that is the room's home, view by view. */
  readonly homes: readonly number[]
  /** Who holds the room when the move begins. */
  readonly holder: number
  readonly crashes?: readonly number[]
  /** Ticks that the room may run. */
  readonly ticks?: number
  readonly aborts?: boolean
}

interface Copy {
  readonly epoch: RoomEpoch
  readonly state: string
}

interface ShardState {
  up: boolean
  lease: boolean
  /** Of the installed view, from 0. */
  view: number
  running: Copy | undefined
  halted: Copy | undefined
  replica: Copy | undefined
  /** Of the room that runs here. */
  holders: readonly number[]
  /** Made a holder for the move. */
  extra: number | undefined
  /** Told to the home until it is noted. */
  tells: RoomEpoch | undefined
  asks:
    | { readonly to: string; readonly from: RoomEpoch; readonly done: (epoch: RoomEpoch | undefined) => void }
    | undefined
  looks: ((answer: LocateAnswer) => void) | undefined
  memory: MoveMemory
}

interface HomeState {
  named: number
  readonly claims: Map<number, { readonly runs: RoomEpoch | undefined; readonly held: Copy | undefined }>
  owner: { readonly shard: number; readonly epoch: RoomEpoch } | undefined
  given: { readonly asker: number; readonly to: string; readonly epoch: RoomEpoch } | undefined
}

/** A step, and the one shard of whose memory it may change something. */
type Take = (step: string, shard: number, act: () => void) => void

interface Letter {
  readonly from: number
  readonly to: number
  readonly message: MoveMessage
}

export interface MoveState {
  readonly shards: ShardState[]
  readonly homes: HomeState[]
  /** By number: all that were ever sent. */
  readonly letters: Map<number, Letter>
  /** The newest epoch in which it ever ran. */
  newest: RoomEpoch
  /** The longest state that was called held. */
  held: string
  wrong: string | undefined
  crashed: number
}

export class MoveModel implements Model<MoveState> {
  readonly initial: readonly MoveState[]
  readonly #case: MoveCase
  readonly #views: readonly View[]
  readonly #shards: readonly Migrations[]
  /** Of the shards, filled anew for each step. */
  readonly #memories = numbers(SHARDS).map(() => emptyMemory())
  /** Of all letters, by what is in them. */
  readonly #numbers = new Map<string, number>()
  /** Whose contents the memories have. */
  readonly #loaded: (MoveMemory | undefined)[] = []
  #state: MoveState

  constructor(about: MoveCase) {
    this.#case = about
    this.#views = about.views.map((members, at) =>
      viewOf(
        members.map((member) => memberOf(member)),
        at + 1,
      ),
    )
    this.#state = this.#begin()
    this.#shards = numbers(SHARDS).map((shard) => this.#shard(shard))
    for (const [shard, migrations] of this.#shards.entries()) {
      const view = this.#views[0]
      if (view !== undefined && this.#isMember(shard, 0)) migrations.viewInstalled(view, 0)
    }
    this.#shards[0]?.move(ROOM, lifeOf(1), 0, DONE)
    this.#save()
    this.initial = [this.#state]
  }

  violation(state: MoveState): string | undefined {
    if (state.wrong !== undefined) return state.wrong
    const runs = numbers(SHARDS).filter((shard) => isRun(state.shards[shard]))
    if (runs.length > 1) return `it runs at ${runs.join(' and ')}`
    return undefined
  }

  key({ shards, homes, letters, newest, held, crashed }: MoveState): string {
    let key = `${crashed} ${held} ${name(newest)}`
    for (const home of homes) {
      key += `|${home.named} ${home.owner?.shard}${name(home.owner?.epoch)} ${home.given?.asker}${home.given?.to.at(-1)}${name(home.given?.epoch)}`
      for (const shard of numbers(SHARDS)) {
        const claim = home.claims.get(shard)
        if (claim !== undefined) key += ` ${shard}${name(claim.runs)}${copyKey(claim.held)}`
      }
    }
    for (const shard of shards) key += shardKey(shard)
    return `${key}|${[...letters.keys()].sort((a, b) => a - b).join(' ')}`
  }

  successors(from: MoveState, emit: (next: MoveState, step: string) => void): void {
    if (from.wrong !== undefined) return
    const take: Take = (step, shard, act) => {
      this.#load(from)
      act()
      this.#save(shard)
      emit(this.#state, step)
    }
    for (const { to, from: sender, message } of from.letters.values())
      if (from.shards[to]?.up)
        take(`${to} gets ${message.t} from ${sender}`, to, () => this.#deliver(sender, to, message))
    for (const shard of numbers(SHARDS)) if (from.shards[shard]?.up) this.#stepsOf(shard, from, take)
  }

  #stepsOf(shard: number, from: MoveState, take: Take): void {
    const { crashes = [], ticks = 1, aborts = false, views } = this.#case
    const { running, lease, view, memory, asks, looks, tells } = this.#of(from, shard)
    take(`time passes at ${shard}`, shard, () => this.#passTime(shard))
    if (running && lease && running.state.length < ticks) take(`a tick at ${shard}`, shard, () => this.#tick(shard))
    if (crashes.includes(shard)) take(`${shard} crashes`, shard, () => this.#crash(shard))
    if (view + 1 < views.length && this.#isMember(shard, view + 1))
      take(`${shard} installs ${view + 2}`, shard, () => this.#install(shard))
    // Removed, and does not know.
    if (view + 1 < views.length && !this.#isMember(shard, view + 1) && lease)
      take(`the lease of ${shard} ends`, shard, () => this.#endLease(shard))
    if (aborts && memory.outgoing.size > 0)
      take(`${shard} is told to abort`, shard, () => this.#shards[shard]?.abort(ROOM, 0))
    for (const holder of numbers(SHARDS))
      if (this.#canStream(from, shard, holder))
        take(`${holder} gets a record of ${shard}`, shard, () => this.#stream(shard, holder))
    if (!this.#homeActs(from, view)) return
    if (asks !== undefined) take(`the home answers ${shard}`, shard, () => this.#answer(shard))
    if (looks !== undefined) take(`the home says ${shard} where it is`, shard, () => this.#say(shard))
    if (tells !== undefined) take(`the home hears that ${shard} runs it`, shard, () => this.#hear(shard))
    if (this.#case.homes[view] === shard && this.#nameable(from, view) !== undefined)
      take('the home names an owner', shard, () => this.#name(view))
  }

  /** Nothing fails any more: what becomes of it? Undefined: the room is where it should be. */
  unsettled(from: MoveState): string | undefined {
    this.#load(from)
    const last = this.#case.views.length - 1
    for (let round = 0; round < 60; round++) {
      for (const shard of numbers(SHARDS)) this.#settleShard(shard, last)
      for (const { from: sender, to, message } of [...this.#state.letters.values()])
        if (this.#of(this.#state, to).up) this.#deliver(sender, to, message)
      if (this.#homeActs(this.#state, last) && this.#nameable(this.#state, last) !== undefined) this.#name(last)
    }
    this.#save()
    const state = this.#state
    const wrong = this.violation(state)
    if (wrong !== undefined) return wrong
    const members = numbers(SHARDS).filter((shard) => this.#of(state, shard).up)
    const runs = members.filter((shard) => this.#of(state, shard).running)
    const gone = SHARDS - members.length
    if (runs.length === 0 && gone < 2) return `it is lost, and ${gone} shards are gone`
    for (const shard of members) {
      const { memory, halted } = this.#of(state, shard)
      if (memory.outgoing.size > 0) return `${shard} is moving it for ever`
      if (halted !== undefined && runs.length > 0) return `${shard} keeps what it stopped for ever`
    }
    return undefined
  }

  #settleShard(shard: number, last: number): void {
    const of = this.#of(this.#state, shard)
    if (!of.up) return
    while (of.view < last && this.#isMember(shard, of.view + 1)) this.#install(shard)
    if (of.view < last) this.#crash(shard, 0)
    if (!of.up) return
    for (const holder of numbers(SHARDS))
      while (this.#canStream(this.#state, shard, holder)) this.#stream(shard, holder)
    if (this.#homeActs(this.#state, of.view)) {
      if (of.asks !== undefined) this.#answer(shard)
      if (of.looks !== undefined) this.#say(shard)
      if (of.tells !== undefined) this.#hear(shard)
    }
    this.#passTime(shard)
  }

  #begin(): MoveState {
    const epoch = { generation: 1, view: 1, k: 1 }
    const shards = this.#memories.map((memory, shard): ShardState => {
      const isOwner = shard === 0
      return {
        ...{ up: true, lease: true, view: 0, memory, halted: undefined, extra: undefined },
        ...{ tells: undefined, asks: undefined, looks: undefined },
        running: isOwner ? { epoch, state: '' } : undefined,
        replica: shard === this.#case.holder ? { epoch, state: '' } : undefined,
        holders: isOwner ? [this.#case.holder] : [],
      }
    })
    const homes = this.#case.views.map(
      (_, at): HomeState => ({
        named: at === 0 ? 1 : 0,
        claims: new Map(),
        owner: at === 0 ? { shard: 0, epoch } : undefined,
        given: undefined,
      }),
    )
    return { shards, homes, letters: new Map(), newest: epoch, held: '', wrong: undefined, crashed: 0 }
  }

  #shard(shard: number): Migrations {
    const of = () => this.#of(this.#state, shard)
    const keeper: MoveKeeper = {
      announce: () => {},
      connected: () => 0,
      calledOff: () => {},
      expect: () => {},
      arrived: () => 0,
      bestHaltMs: () => Number.NEGATIVE_INFINITY,
      halt: () => {
        const { running } = of()
        if (running === undefined) return undefined
        Object.assign(of(), { running: undefined, halted: running })
        return { tick: running.state.length, hash: 0, late: NOTHING }
      },
      goOn: (_room, epoch) => this.#run(shard, epoch, of().halted?.state),
      handedOver: () => {
        of().halted = undefined
      },
      openAt: (_room, epoch, halt) => {
        const state = of().replica?.state
        if (state?.length !== halt.tick)
          this.#state.wrong = `${shard} goes on after another tick than its owner stopped at`
        return this.#run(shard, epoch, state)
      },
      close: () => {
        of().halted = undefined
      },
    }
    const send = (to: string, message: MoveMessage) => {
      const letter = { from: shard, to: Number.parseInt(to, 16), message }
      const text = JSON.stringify(letter)
      const number = this.#numbers.get(text) ?? this.#numbers.size
      this.#numbers.set(text, number)
      this.#state.letters.set(number, letter)
    }
    const memory = this.#memories[shard] ?? emptyMemory()
    return new Migrations(
      { life: lifeOf(shard), parts: this.#parts(shard), rules: this.#case.rules, times: TIMES, memory },
      keeper,
      { send },
    )
  }

  #parts(shard: number): MoveParts {
    const of = () => this.#of(this.#state, shard)
    return {
      mayAct: () => of().lease,
      standby: {
        addHolder: (_room, life) => {
          of().extra = Number.parseInt(life, 16)
        },
        isHolding: (_room, life) => of().holders.includes(Number.parseInt(life, 16)),
        releaseHolder: () => {
          of().extra = undefined
        },
        isHeld: () => of().holders.length > 0 || this.#views[of().view]?.members.length === 1,
        get held() {
          const { replica } = of()
          return new Map(
            replica === undefined
              ? []
              : [[ROOM, { id: ROOM, owner: '', epoch: replica.epoch, tick: replica.state.length, isHolder: true }]],
          )
        },
      },
      rooms: {
        get owned() {
          const { running } = of()
          return new Map(running === undefined ? [] : [[ROOM, running.epoch]])
        },
        nextEpoch: (_id, from, to, _nowMs, done) => {
          of().asks = { from, to, done }
        },
        locate: (_id, _nowMs, done) => {
          of().looks = done
        },
        halted: () => {
          of().tells = undefined
        },
        gave: () => {},
        runs: (_id, epoch) => {
          of().tells = epoch
        },
      },
    }
  }

  #deliver(from: number, to: number, message: MoveMessage): void {
    this.#shards[to]?.receive(lifeOf(from), message, 0)
  }

  /** Its clock goes on to the next moment that something is due; then it counts from there again. */
  #passTime(shard: number): void {
    const migrations = this.#shards[shard]
    if (migrations === undefined || migrations.nextMs === Number.POSITIVE_INFINITY) return
    const nowMs = Math.max(0, migrations.nextMs)
    migrations.tick(nowMs)
    const { memory } = this.#of(this.#state, shard)
    for (const entries of [memory.outgoing, memory.stranded, memory.expected, memory.early])
      for (const [room, entry] of entries) entries.set(room, earlier(entry, nowMs) as never)
  }

  #tick(shard: number): void {
    const of = this.#of(this.#state, shard)
    if (of.running === undefined) return
    of.running = { ...of.running, state: of.running.state + nameOf(of.running.epoch) }
    this.#note(shard)
  }

  #crash(shard: number, counts = 1): void {
    Object.assign(this.#of(this.#state, shard), {
      up: false,
      lease: false,
      running: undefined,
      halted: undefined,
      replica: undefined,
      asks: undefined,
      looks: undefined,
      tells: undefined,
      holders: [],
    })
    this.#state.crashed += counts
  }

  #endLease(shard: number): void {
    this.#of(this.#state, shard).lease = false
  }

  #install(shard: number): void {
    const of = this.#of(this.#state, shard)
    of.view++
    const { asks, looks, running, halted, replica, view } = of
    // As ring/ does: what is open gets no answer of an older view.
    Object.assign(of, { asks: undefined, looks: undefined, tells: undefined })
    asks?.done(undefined)
    looks?.({ kind: 'unknown', why: '' })
    const held = [halted, replica].reduce(
      (best, copy) => (copy && (best === undefined || isBetter(copy, best)) ? copy : best),
      undefined,
    )
    this.#state.homes[view]?.claims.set(shard, { runs: running?.epoch, held })
    of.holders = of.holders.filter((holder) => this.#isMember(holder, view))
    if (of.extra !== undefined && !this.#isMember(of.extra, view)) of.extra = undefined
    const installed = this.#views[view]
    if (installed !== undefined) this.#shards[shard]?.viewInstalled(installed, 0)
    this.#note(shard)
  }

  /** Who is to hold the room of an owner: one, and whoever is brought up for a move. */
  #wanted(state: MoveState, owner: number): readonly number[] {
    const { holders, extra, view } = this.#of(state, owner)
    if (holders.length > 0) return extra === undefined ? holders : [...holders, extra]
    return numbers(SHARDS).filter((shard) => shard !== owner && this.#isMember(shard, view))
  }

  #canStream(state: MoveState, owner: number, holder: number): boolean {
    const { running, halted, view, up } = this.#of(state, owner)
    const at = this.#of(state, holder)
    const source = running ?? halted
    if (owner === holder || source === undefined || !up || !at.up || at.running !== undefined || at.view !== view)
      return false
    if (
      !this.#wanted(state, owner).includes(holder) ||
      (halted !== undefined && running === undefined && at.replica === undefined)
    )
      return false
    const known = at.replica ?? at.halted
    if (known !== undefined && compareEpochs(known.epoch, source.epoch) > 0) return false
    return (
      at.replica === undefined ||
      compareEpochs(at.replica.epoch, source.epoch) !== 0 ||
      at.replica.state.length < source.state.length ||
      !this.#of(state, owner).holders.includes(holder)
    )
  }

  /** One more tick; or all, to begin with. */
  #stream(owner: number, holder: number): void {
    const of = this.#of(this.#state, owner)
    const at = this.#of(this.#state, holder)
    const source = of.running ?? of.halted
    if (source === undefined) return
    const goesOn = at.replica !== undefined && compareEpochs(at.replica.epoch, source.epoch) === 0
    const state = goesOn ? source.state.slice(0, (at.replica?.state.length ?? 0) + 1) : source.state
    at.replica = { epoch: source.epoch, state }
    // The keeper gives up what it stopped for who goes on with it.
    if (at.halted !== undefined && compareEpochs(at.halted.epoch, source.epoch) < 0) at.halted = undefined
    if (state.length === source.state.length && !of.holders.includes(holder))
      of.holders = [...of.holders, holder].sort()
    this.#note(owner)
  }

  /** What all holders have is held from then on. */
  #note(owner: number): void {
    const { running, halted, holders, lease } = this.#of(this.#state, owner)
    const source = running ?? halted
    if (source === undefined || holders.length === 0 || !lease) return
    let ticks = source.state.length
    for (const holder of holders) {
      const { replica } = this.#of(this.#state, holder)
      const isOurs = replica !== undefined && compareEpochs(replica.epoch, source.epoch) === 0
      ticks = Math.min(ticks, isOurs ? replica.state.length : 0)
    }
    if (ticks > this.#state.held.length) this.#state.held = source.state.slice(0, ticks)
  }

  #run(shard: number, epoch: RoomEpoch, state: string | undefined): boolean {
    if (state === undefined) return false
    Object.assign(this.#of(this.#state, shard), {
      running: { epoch, state },
      halted: undefined,
      replica: undefined,
      holders: [],
      extra: undefined,
    })
    if (compareEpochs(epoch, this.#state.newest) <= 0)
      this.#state.wrong = `${shard} runs it under an epoch that is not new`
    if (!state.startsWith(this.#state.held))
      this.#state.wrong = `${shard} goes on from "${state}", and "${this.#state.held}" was held`
    this.#state.newest = epoch
    return true
  }

  #homeActs(state: MoveState, view: number): boolean {
    const home = this.#of(state, this.#case.homes[view] ?? 0)
    return home.up && home.view === view && home.lease
  }

  #answer(shard: number): void {
    const of = this.#of(this.#state, shard)
    const { asks, view } = of
    const home = this.#state.homes[view]
    of.asks = undefined
    if (asks === undefined || home === undefined) return
    const isOwner = home.owner?.shard === shard && compareEpochs(home.owner.epoch, asks.from) === 0
    if (!isOwner || (home.given !== undefined && home.given.asker !== shard)) return asks.done(undefined)
    home.named++
    const epoch = { generation: 1, view: view + 1, k: home.named }
    home.given = { asker: shard, to: asks.to, epoch }
    asks.done(epoch)
  }

  #say(shard: number): void {
    const of = this.#of(this.#state, shard)
    const { looks, view } = of
    const owner = this.#state.homes[view]?.owner
    of.looks = undefined
    if (owner === undefined) looks?.({ kind: 'unknown', why: '' })
    else looks?.({ kind: 'there', place: { id: ROOM, owner: lifeOf(owner.shard), url: '', epoch: owner.epoch } })
  }

  #hear(shard: number): void {
    const of = this.#of(this.#state, shard)
    const home = this.#state.homes[of.view]
    const { tells } = of
    if (home === undefined || tells === undefined) return
    const { given } = home
    of.tells = undefined
    if (given === undefined || given.to !== lifeOf(shard) || compareEpochs(given.epoch, tells) !== 0) return
    home.owner = { shard, epoch: tells }
    home.given = undefined
  }

  /** Whom the home of a new view names, or finds running it: once it has all claims, and the leases of removed ones are over. */
  #nameable(
    state: MoveState,
    view: number,
  ): { readonly shard: number; readonly runs: RoomEpoch | undefined } | undefined {
    const home = state.homes[view]
    if (view === 0 || home === undefined || home.owner !== undefined) return undefined
    const isHeard = (shard: number) =>
      this.#isMember(shard, view) ? home.claims.has(shard) : !this.#of(state, shard).lease
    if (!numbers(SHARDS).every(isHeard)) return undefined
    let best: { readonly shard: number; readonly copy: Copy } | undefined
    for (const [shard, { runs, held }] of home.claims) {
      if (runs !== undefined && !(best !== undefined && compareEpochs(best.copy.epoch, runs) > 0))
        return { shard, runs }
      const { up, view: at } = this.#of(state, shard)
      if (held !== undefined && up && at === view && (best === undefined || isBetter(held, best.copy)))
        best = { shard, copy: held }
    }
    return best && { shard: best.shard, runs: undefined }
  }

  #name(view: number): void {
    const named = this.#nameable(this.#state, view)
    const home = this.#state.homes[view]
    if (named === undefined || home === undefined) return
    const { shard, runs } = named
    if (runs !== undefined) {
      home.owner = { shard, epoch: runs }
      return
    }
    home.named++
    const epoch = { generation: 1, view: view + 1, k: home.named }
    const { halted, replica } = this.#of(this.#state, shard)
    const isNewer = halted !== undefined && (replica === undefined || isBetter(halted, replica))
    if (this.#run(shard, epoch, (isNewer ? halted : replica)?.state)) home.owner = { shard, epoch }
  }

  #isMember(shard: number, view: number): boolean {
    return this.#case.views[view]?.includes(shard) === true
  }

  #of(state: MoveState, shard: number): ShardState {
    const of = state.shards[shard]
    if (of === undefined) throw new Error(`there is no shard ${shard}`)
    return of
  }

  /** A copy of the state, with the memories that the shards work on. */
  #load(from: MoveState): void {
    const shards = from.shards.map((shard, at) => {
      const memory = this.#memories[at] ?? emptyMemory()
      if (this.#loaded[at] !== shard.memory) fill(memory, shard.memory)
      this.#loaded[at] = shard.memory
      return { ...shard }
    })
    for (const [at, shard] of shards.entries()) shard.memory = this.#memories[at] ?? shard.memory
    const homes = from.homes.map((home) => ({ ...home, claims: new Map(home.claims) }))
    this.#state = { ...from, shards, homes, letters: new Map(from.letters) }
  }

  /** Memories that did not change are shared with the state before. */
  #save(changed?: number): void {
    for (const [at, shard] of this.#state.shards.entries()) {
      const before = this.#loaded[at]
      if (changed !== undefined && changed !== at && before !== undefined) shard.memory = before
      else {
        shard.memory = emptyMemory()
        fill(shard.memory, this.#memories[at] ?? shard.memory)
        this.#loaded[at] = shard.memory
      }
    }
  }
}

const NOTHING = new Uint8Array(0)
const DONE = () => {}

function isRun(shard: ShardState | undefined): boolean {
  return shard?.up === true && shard.lease && shard.running !== undefined
}

function isBetter(a: Copy, b: Copy): boolean {
  return (compareEpochs(a.epoch, b.epoch) || a.state.length - b.state.length) > 0
}

/** One letter for each epoch. */
function nameOf({ view, k }: RoomEpoch): string {
  return String.fromCharCode(96 + 8 * (view - 1) + k)
}

function fill(to: MoveMemory, from: MoveMemory): void {
  to.view = from.view
  to.questions = from.questions
  to.line.splice(0, to.line.length, ...from.line)
  for (const name of ['outgoing', 'stranded', 'expected', 'answered', 'early'] as const) {
    const into: Map<string, object> = to[name]
    into.clear()
    for (const [room, entry] of from[name]) into.set(room, { ...entry })
  }
}

/** Times count from this moment on. */
function earlier(entry: object, byMs: number): object {
  const copy: Record<string, unknown> = { ...entry }
  for (const [name, value] of Object.entries(copy))
    if (typeof value === 'number' && name.endsWith('Ms') && name !== 'retryMs') copy[name] = value - byMs
  return copy
}

function name(epoch: RoomEpoch | undefined): string {
  return epoch === undefined ? '-' : nameOf(epoch)
}

function copyKey(copy: Copy | undefined): string {
  return copy === undefined ? '-' : `${name(copy.epoch)}:${copy.state}`
}

/** Times that are long over are alike. */
function time(ms: number): number {
  return Math.max(LONG_AGO, ms)
}

function shardKey({
  up,
  lease,
  view,
  running,
  halted,
  replica,
  holders,
  extra,
  tells,
  asks,
  looks,
  memory,
}: ShardState): string {
  const copies = `${copyKey(running)} ${copyKey(halted)} ${copyKey(replica)} ${holders.join('')} ${extra} ${name(tells)}`
  let key = `|${up ? 1 : 0}${lease ? 1 : 0}${view} ${copies} ${asks?.to.at(-1)}${name(asks?.from)} ${looks === undefined ? 0 : 1}`
  for (const move of memory.outgoing.values()) {
    const { step, limitMs, dueMs, saidMs, heardMs, retryMs, next, question, given, halt, answer } = move
    const times = `${time(limitMs)} ${time(dueMs)} ${time(saidMs)} ${time(heardMs)} ${retryMs}`
    key += `o${step} ${times} ${name(next)}${name(given)}${question === 0 ? 0 : 1} ${halt?.tick} ${answer}`
  }
  for (const { epoch, dueMs, question, nowhere } of memory.stranded.values())
    key += `s${name(epoch)} ${time(dueMs)} ${question === 0 ? 0 : 1} ${nowhere}`
  for (const { next, limitMs } of memory.expected.values()) key += `x${name(next)} ${time(limitMs)}`
  for (const { next, answer } of memory.answered.values()) key += `a${name(next)} ${answer}`
  for (const { word, limitMs, dueMs } of memory.early.values())
    key += `e${name(word.next)} ${time(limitMs)} ${time(dueMs)}`
  return key
}
