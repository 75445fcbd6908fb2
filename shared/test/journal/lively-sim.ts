/** A game in which all happens that a simulation can keep, and a room of it in a few lines: what players and rules do follows from seed and tick alone. */
import {
  angle,
  axis2,
  circle,
  continueFrom,
  copySnapshots,
  defineGame,
  entityRef,
  fixed,
  float32,
  int,
  type JournalNote,
  JournalStream,
  linear,
  press,
  SeededRandom,
  Simulation,
  SnapshotRing,
  type StreamMode,
  type View,
} from '@tickmesh/shared'

interface Wind {
  force: number
}

export const lively = defineGame({
  id: 'lively',
  tickRate: 30,
  snapshotRate: 10,
  maxPlayers: 4,
  input: { move: axis2(), aim: angle(8), fire: press(), jump: press() },
  events: { shot: { by: entityRef(), hit: entityRef() }, bang: { x: fixed(0, 1000, 1 / 16), luck: int(0, 1000) } },
  commands: { hurt: { target: entityRef() }, drop: { x: fixed(0, 1000, 1 / 16) } },
  opaque: {
    create: (): Wind => ({ force: 0 }),
    save: (wind: Wind) => Uint8Array.of(wind.force & 255, wind.force >> 8),
    load: (wind: Wind, bytes) => {
      if (bytes.length !== 2) throw new Error('no wind')
      wind.force = (bytes[0] ?? 0) + 256 * (bytes[1] ?? 0)
    },
  },
  step(world, ctx) {
    ctx.opaque.force = (ctx.opaque.force * 7 + world.player.count + Math.floor(ctx.secretRandom() * 8)) & 0xffff
  },
  entities: {
    player: {
      max: 4,
      fields: {
        x: fixed(0, 1000, 1 / 16),
        y: fixed(0, 1000, 1 / 16),
        aim: angle(8),
        hp: int(0, 100, { initial: 100 }),
        charge: float32(),
      },
      hitbox: circle(60),
      step(p, input, ctx) {
        p.x = Math.min(1000, Math.max(0, p.x + input.move.x * 3))
        p.y = Math.min(1000, Math.max(0, p.y + input.move.y * 3))
        p.aim = input.aim
        p.charge = p.charge * 0.9 + ctx.random() + ctx.opaque.force / 70_000
        if (input.jump > 0) ctx.spawn('rocket', { x: p.x, vx: 40 * (ctx.secretRandom() - 0.5) })
        if (input.fire === 0) return
        const hit = ctx.seenBy(p).raycast(p, p.aim)
        ctx.emit('shot', { by: p.id, hit: hit?.id ?? 0 })
        if (hit) ctx.command('hurt', { target: hit.id })
        else ctx.command('drop', { x: p.x })
      },
    },
    spark: {
      max: 8,
      fields: { x: fixed(0, 1000, 1 / 16), life: int(0, 60) },
      step(s, _input, ctx) {
        s.x = Math.floor(ctx.random() * 1000)
        s.life -= 1
        if (s.life === 0) ctx.despawn(s)
      },
    },
    rocket: {
      max: 6,
      fields: { x: fixed(0, 1000, 1 / 16), vx: fixed(-100, 100, 1 / 16) },
      motion: linear(['x', 'vx']),
      step(rocket, _input, ctx) {
        ctx.move(rocket)
        if (ctx.random() < 0.05) {
          ctx.emit('bang', { x: rocket.x, luck: Math.floor(ctx.secretRandom() * 1000) })
          ctx.despawn(rocket)
        }
      },
    },
  },
})

type LivelyView = View & { hp: number; asleep: boolean }

/** A room of it. */
export class LivelySim {
  readonly history = new SnapshotRing(32, lively.worldInts)
  readonly sim: Simulation
  readonly stream: JournalStream
  private readonly seed: number

  constructor(seed: number, readyFrom?: { readonly sim: Simulation; readonly history: SnapshotRing }) {
    this.seed = seed
    this.sim = new Simulation(lively, {
      side: 'server',
      development: true,
      snapshots: this.history,
      secretSeed: seed,
    })
    if (readyFrom !== undefined) {
      continueFrom(this.sim, readyFrom.sim)
      copySnapshots(this.history, readyFrom.history)
    } else this.sim.publicSeed = seed
    this.stream = new JournalStream(this.sim, this.history)
  }

  /** All that notes have told up to a tick. */
  notesAt(tick: number): JournalNote[] {
    const seats = tick < 1 ? [] : [1, 2, 3]
    return [
      ['attr', 0, { set: { round: Math.floor(tick / 50) } }],
      ...seats.map((seat): JournalNote => ['join', seat, `id${seat}`]),
    ]
  }

  /** Computes the next tick, and gives its record. */
  run(mode: StreamMode): Uint8Array {
    const { sim, stream, history } = this
    const tick = sim.world.tick + 1
    const random = new SeededRandom(this.seed * 100_003 + tick)
    const notes: JournalNote[] = []
    this.rulesBefore(tick, random, notes)
    sim.settle()
    this.play(tick, random)
    stream.beforeStep()
    sim.step(tick)
    stream.afterStep()
    this.rulesAfter(random)
    sim.settle()
    history.put(tick, sim.world.ints)
    if (tick % 50 === 0) notes.push(['attr', 0, { set: { round: tick / 50 } }])
    return stream.tick(notes, mode)
  }

  private rulesBefore(tick: number, random: SeededRandom, notes: JournalNote[]): void {
    const { world, context } = this.sim
    if (tick === 1) {
      for (let seat = 1; seat <= 3; seat++) {
        world.assign(world.spawn(0, world.takeId(), seat), { x: 200 * seat, y: 500 })
        notes.push(['join', seat, `id${seat}`])
      }
    }
    // With a key, and draws, that go on from where the rules of the last tick stood.
    if (random.next() < 0.3) context.spawn('spark', { life: 1 + Math.floor(context.secretRandom() * 39) })
    if (random.next() < 0.2)
      world.assign(world.spawn(1, world.takeId(), 0), { life: 1 + Math.floor(context.random() * 39) })
    for (const table of world.tables) {
      for (const view of table as Iterable<LivelyView>) {
        if (random.next() < 0.03) view.asleep = !view.asleep
        if (table.type.name !== 'player' && random.next() < 0.05) view.owner = random.int(0, 3)
      }
    }
  }

  private play(tick: number, random: SeededRandom): void {
    const { sim } = this
    const { inputs, world } = sim
    const row = new Int32Array(lively.inputWidth)
    inputs.clear()
    for (let seat = 1; seat <= 3; seat++) {
      row[0] = 127 * random.int(-1, 1)
      row[1] = 127 * random.int(-1, 1)
      row[2] = random.int(-128, 127)
      for (let press = 0; press < 2; press++) {
        const place = lively.seatBase + (1 + lively.levels.length + press) * lively.seatRows + seat
        row[3 + press] = (world.ints[place] ?? 0) + (random.next() < 0.2 ? random.int(1, 2) : 0)
      }
      sim.setLevels(seat, row, 0)
      if (random.next() < 0.7) sim.applyPresses(seat, row, 0)
      const older = tick - random.int(4, 28)
      if (older > 0) inputs.setStamp(seat, older, older + random.int(1, 3), random.int(0, 255))
    }
  }

  private rulesAfter(random: SeededRandom): void {
    const { sim } = this
    const { world, context } = sim
    for (const { index, values } of sim.commands) {
      if (index === 0) {
        const victim = world.find(Number(values.target)) as LivelyView | undefined
        if (victim?.type === 'player') victim.hp = Math.max(0, victim.hp - 7)
      } else context.spawn('spark', { x: Number(values.x), life: random.int(1, 40) })
      context.emit('bang', { x: 5, luck: Math.floor(context.secretRandom() * 1000) })
    }
    if (random.next() < 0.2) context.random()
  }
}
