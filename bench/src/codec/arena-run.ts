/**
 * The arena workload itself: 100 seeded players who change direction every 0.25 to 1.2 s (eight directions, or none), turn their aim at a smoothly
 * changing rate (1.0 rad/s in the root mean square, 3 rad/s at most), hold and release buttons, press dash, and lose and gain health.
 */
import { type CompiledGame, SEAT_PRESENT, SeededRandom, SnapshotRing, World } from '@tickmesh/shared'
import { drive, PLAYERS, TICK_RATE } from './arena-game.ts'

const DT = 1 / TICK_RATE
const KEPT_TICKS = 128
const TURN_RMS = 1
const TURN_MAX = 3
/** How fast a turn rate forgets itself, in seconds. */
const TURN_MEMORY = 0.4
const MIN_DIRECTION_S = 0.25
const MAX_DIRECTION_S = 1.2
/** Mean seconds between changes of each button: down, then up again. */
const BUTTON_S = [0.7, 4, 5] as const
const DASH_S = 2
const HIT_S = 3
const HEAL_S = 5

interface PlayerView {
  x: number
  y: number
  vx: number
  vy: number
  aim: number
  buttons: { fire: boolean; zoom: boolean; use: boolean }
  hp: number
}

interface HeldMove {
  readonly move: { readonly x: number; readonly y: number }
}

export class ArenaRun {
  readonly world: World
  /** Snapshots of the newest ticks. */
  readonly history: SnapshotRing
  private readonly random: SeededRandom
  private readonly aims = new Float64Array(PLAYERS + 1)
  private readonly turns = new Float64Array(PLAYERS + 1)
  private readonly nextDirection = new Float64Array(PLAYERS + 1)
  private readonly directions = new Int8Array(PLAYERS + 1)
  private readonly game: CompiledGame

  constructor(game: CompiledGame, seed: number) {
    this.game = game
    this.random = new SeededRandom(seed)
    this.world = new World(game, { strict: true })
    this.history = new SnapshotRing(KEPT_TICKS, game.worldInts)
    for (let seat = 1; seat <= PLAYERS; seat++) {
      this.world.ints[game.seatBase + SEAT_PRESENT * game.seatRows + seat] = 1
      const player = this.world.spawn(0, this.world.takeId(), seat) as unknown as PlayerView
      player.x = this.random.int(0, 4096)
      player.y = this.random.int(0, 4096)
      this.aims[seat] = this.random.next() * 2 * Math.PI
    }
    this.world.settle()
  }

  /** One tick: inputs, physics, health; then keeps the snapshot. */
  step(): void {
    const { world } = this
    world.tick += 1
    for (let seat = 1; seat <= PLAYERS; seat++) {
      this.steer(seat)
      const player = world.table(0).viewAt(seat - 1) as unknown as PlayerView
      drive(player, world.inputView(seat) as unknown as HeldMove, DT)
      player.aim = this.aims[seat] ?? 0
      player.buttons.fire = this.level(seat, 'fire') === 1
      player.buttons.zoom = this.level(seat, 'zoom') === 1
      player.buttons.use = this.level(seat, 'use') === 1
      this.changeHealth(player)
    }
    this.history.put(world.tick, world.ints)
  }

  private column(name: string, part = ''): number {
    const { levels, seatBase, seatRows } = this.game
    const index = levels.findIndex((level) => level.name === name && level.part === part)
    return seatBase + (SEAT_PRESENT + 1 + index) * seatRows
  }

  private level(seat: number, name: string): number {
    return this.world.ints[this.column(name) + seat] ?? 0
  }

  /** True about every `seconds`. */
  private chance(seconds: number): boolean {
    return this.random.next() < DT / seconds
  }

  private steer(seat: number): void {
    const { random } = this
    const { ints } = this.world
    const left = (this.nextDirection[seat] ?? 0) - DT
    this.nextDirection[seat] = left
    if (left <= 0) {
      this.nextDirection[seat] = MIN_DIRECTION_S + random.next() * (MAX_DIRECTION_S - MIN_DIRECTION_S)
      const old = this.directions[seat] ?? 0
      const next = (old + random.int(1, 8)) % 9
      this.directions[seat] = next
      ints[this.column('move', 'x') + seat] = ((next % 3) - 1) * 127
      ints[this.column('move', 'y') + seat] = (Math.floor(next / 3) - 1) * 127
    }
    const noise = (random.next() + random.next() + random.next() - 1.5) * 2
    const turn = (this.turns[seat] ?? 0) * (1 - DT / TURN_MEMORY) + noise * TURN_RMS * Math.sqrt((2 * DT) / TURN_MEMORY)
    this.turns[seat] = Math.max(-TURN_MAX, Math.min(TURN_MAX, turn))
    this.aims[seat] = (this.aims[seat] ?? 0) + turn * DT
    const span = 2 ** 10
    const raw = Math.round(((this.aims[seat] ?? 0) / (2 * Math.PI)) * span)
    ints[this.column('aim') + seat] = ((((raw + span / 2) % span) + span) % span) - span / 2
    BUTTON_S.forEach((seconds, index) => {
      if (!this.chance(seconds)) return
      const at = this.column(['fire', 'zoom', 'use'][index] ?? '') + seat
      ints[at] = 1 - (ints[at] ?? 0)
    })
    const { seatBase, seatRows, levels } = this.game
    const dash = seatBase + (SEAT_PRESENT + 1 + levels.length) * seatRows + seat
    if (this.chance(DASH_S)) ints[dash] = (ints[dash] ?? 0) + 1
  }

  private changeHealth(player: PlayerView): void {
    if (this.chance(HIT_S)) player.hp = player.hp > 25 ? player.hp - this.random.int(5, 25) : 100
    if (this.chance(HEAL_S)) player.hp = Math.min(100, player.hp + 20)
  }
}
