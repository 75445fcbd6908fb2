/**
 * All attacks at once: keeps each attack's connections up, steps them, and counts. Made by the attacker process; `fight` and `rest` by turns.
 */
import { SeededRandom } from '@tickmesh/shared'
import type { Attack, AttackMemory, Step } from './attack.ts'
import { AttackPlayer } from './attack-player.ts'
import { AttackSocket, type AttackTarget } from './attack-socket.ts'
import { type AttackOutcome, AttackTally } from './attack-tally.ts'
import type { Intensity } from './messages.ts'
import { HONEST_ROOM, OTHER_ROOM } from './siege-game.ts'
import { Throttle } from './throttle.ts'

const PACE_MS = 5
const RETRY_MS = 300
/** To read what came to a peer that had not read. */
const LEARN_MS = 300

/** One place of an attack: a connection, or the pause before the next. */
class Slot {
  readonly squad: Squad
  readonly index: number
  socket: AttackSocket | undefined
  step: Step | undefined
  steps = 0
  /** When the next step, or the next connection, is due. */
  dueMs: number
  giveUp = false

  constructor(squad: Squad, index: number, dueMs: number) {
    this.squad = squad
    this.index = index
    this.dueMs = dueMs
  }
}

interface Squad {
  readonly attack: Attack
  readonly number: number
  readonly tally: AttackTally
  readonly memory: AttackMemory
  turns: number
}

export class SiegeCrew {
  private readonly target: AttackTarget
  private readonly squads: readonly Squad[]
  private readonly slots: Slot[] = []
  private readonly random: SeededRandom
  private readonly throttle: Throttle
  private timer: NodeJS.Timeout | undefined
  private turn = 0

  constructor(target: AttackTarget, attacks: readonly Attack[], intensity: Intensity, seed: number) {
    this.target = target
    this.random = new SeededRandom(seed)
    this.throttle = new Throttle(intensity, performance.now())
    this.squads = attacks.map((attack, number) => {
      const memory = { recorded: [], secret: undefined }
      return { attack, number, tally: new AttackTally(), memory, turns: 0 }
    })
  }

  fight(): void {
    const nowMs = performance.now()
    for (const squad of this.squads) {
      for (let index = 0; index < squad.attack.connections; index++)
        this.slots.push(new Slot(squad, index, nowMs + this.random.next() * RETRY_MS))
    }
    this.timer = setInterval(() => this.pace(), PACE_MS)
  }

  /** Every connection ends; resolves when that is so. */
  async rest(): Promise<void> {
    clearInterval(this.timer)
    const open = this.slots.flatMap(({ socket }) => (socket === undefined || socket.ended ? [] : [socket]))
    this.slots.length = 0
    for (const socket of open) socket.learnAndLeave(LEARN_MS)
    await new Promise((resolve) => setTimeout(resolve, LEARN_MS + 100))
  }

  get outcomes(): readonly AttackOutcome[] {
    return this.squads.map(({ attack, tally }) => tally.outcome(attack.name))
  }

  /** Whose turn comes first changes: when the budget is short, it is short for all. */
  private pace(): void {
    const nowMs = performance.now()
    this.throttle.refill(nowMs)
    const { slots } = this
    const count = slots.length
    this.turn++
    for (let n = 0; n < count; n++) {
      const slot = slots[(n + this.turn * 7) % count]
      if (slot !== undefined && slot.dueMs <= nowMs) this.run(slot, nowMs)
    }
  }

  private run(slot: Slot, nowMs: number): void {
    const { socket, squad, step } = slot
    const { attack } = squad
    if (socket === undefined) {
      if (this.throttle.takeConnect()) this.connect(slot, nowMs)
    } else if (socket.openedMs > 0 && nowMs - socket.openedMs > attack.lifeMs) {
      slot.dueMs = nowMs + 1_000
      if (!slot.giveUp) socket.learnAndLeave(LEARN_MS)
      slot.giveUp = true
    } else if (step !== undefined && !slot.giveUp) {
      slot.dueMs = nowMs + attack.everyMs
      if (this.throttle.maySend && socket.waitingBytes < 1_000_000) step(slot.steps++)
    }
  }

  private connect(slot: Slot, nowMs: number): void {
    const { squad } = slot
    const { attack, memory } = squad
    const player = new AttackPlayer()
    const turn = squad.turns++
    const room = this.random.next() < 0.5 ? HONEST_ROOM : OTHER_ROOM
    const plan = {
      from: `127.0.${squad.number + 1}.${(slot.index % (attack.addresses ?? 1)) + 1}`,
      upgrade: attack.upgrade,
      ...(attack.headers === undefined ? {} : { headers: attack.headers }),
    }
    const { target, random, throttle } = this
    const socket: AttackSocket = new AttackSocket(target, plan, squad.tally, throttle, {
      onOpen: () => {
        slot.step = attack.begin({ socket, player, random, target, shared: memory, room, turn })
        slot.dueMs = performance.now()
      },
      onMessage: (bytes) => player.read(bytes),
      onEnd: () => {
        slot.socket = undefined
        slot.step = undefined
        slot.steps = 0
        slot.giveUp = false
        slot.dueMs = performance.now() + (attack.retryMs ?? RETRY_MS) * (0.5 + random.next())
      },
    })
    slot.socket = socket
    slot.dueMs = nowMs
  }
}
