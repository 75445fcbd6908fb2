/** A small game, and a simulation of it that is recorded without any server: what a room does, in a few lines. */
import {
  angle,
  axis2,
  circle,
  defineGame,
  entityRef,
  fixed,
  int,
  type JournalNote,
  JournalWriter,
  press,
  SeededRandom,
  Simulation,
  SnapshotRing,
} from '@tickmesh/shared'

export function makeGame(id = 'sparks', hp = 100) {
  return defineGame({
    id,
    tickRate: 30,
    snapshotRate: 10,
    maxPlayers: 4,
    input: { move: axis2(), aim: angle(8), fire: press() },
    events: { shot: { by: entityRef(), hit: entityRef() }, bang: { x: fixed(0, 1000, 1 / 16) } },
    commands: { hurt: { target: entityRef() } },
    attributes: { room: { round: 0 }, player: { name: '' } },
    entities: {
      player: {
        max: 4,
        fields: {
          x: fixed(0, 1000, 1 / 16),
          y: fixed(0, 1000, 1 / 16),
          aim: angle(8),
          hp: int(0, hp, { initial: hp }),
        },
        hitbox: circle(60),
        step(p, input, ctx) {
          p.x = Math.min(1000, Math.max(0, p.x + input.move.x * 3))
          p.y = Math.min(1000, Math.max(0, p.y + input.move.y * 3))
          p.aim = input.aim
          if (input.fire === 0) return
          const hit = ctx.seenBy(p).raycast(p, p.aim)
          ctx.emit('shot', { by: p.id, hit: hit?.id ?? 0 })
          if (hit) ctx.command('hurt', { target: hit.id })
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
    },
  })
}

export const sparks = makeGame()

/** Records `ticks` ticks of three players who shoot about. */
export function recordSim(seed: number, ticks: number, options: { readonly end?: boolean } = {}): Uint8Array {
  const random = new SeededRandom(seed)
  const history = new SnapshotRing(64, sparks.worldInts)
  const sim = new Simulation(sparks, { side: 'server', development: true, snapshots: history, secretSeed: seed })
  const { world, inputs } = sim
  const chunks: Uint8Array[] = []
  const sink = { write: (bytes: Uint8Array) => void chunks.push(bytes), end: () => {} }
  const state = (): JournalNote[] => {
    const seats = world.tick < 1 ? [] : [1, 2, 3]
    return [
      ['attr', 0, { set: { round: Math.floor(world.tick / 50) } }],
      ...seats.flatMap((seat): JournalNote[] => [
        ['join', seat, `id${seat}`],
        ['attr', seat, { set: { name: `P${seat}` } }],
      ]),
    ]
  }
  const writer = new JournalWriter({ sink, sim, history, secretSeed: seed, room: 'test', state })
  const row = new Int32Array(sparks.inputWidth)
  for (let tick = 1; tick <= ticks; tick++) {
    const notes: JournalNote[] = []
    if (tick === 1) {
      for (let seat = 1; seat <= 3; seat++) {
        world.assign(world.spawn(0, world.takeId(), seat), { x: 200 * seat, y: 500 })
        notes.push(['join', seat, `id${seat}`], ['attr', seat, { set: { name: `P${seat}` } }])
      }
    }
    if (random.next() < 0.2) world.assign(world.spawn(1, world.takeId(), 0), { life: random.int(1, 40) })
    sim.settle()
    inputs.clear()
    for (let seat = 1; seat <= 3; seat++) {
      row[0] = 127 * random.int(-1, 1)
      row[1] = 127 * random.int(-1, 1)
      row[2] = random.int(-128, 127)
      if (random.next() < 0.2) row[3] = (row[3] ?? 0) + 1
      sim.setLevels(seat, row, 0)
      sim.applyPresses(seat, row, 0)
      const older = tick - random.int(4, 60)
      if (older > 0) inputs.setStamp(seat, older, older + random.int(1, 3), random.int(0, 255))
    }
    writer.beforeStep()
    sim.step(tick)
    writer.afterStep()
    for (const { values } of sim.commands) {
      const victim = world.find(Number(values.target))
      if (victim !== undefined) Object.assign(victim, { hp: Math.max(0, (victim as unknown as { hp: number }).hp - 7) })
      sim.context.emit('bang', { x: 5 })
    }
    sim.settle()
    history.put(tick, world.ints)
    if (tick % 50 === 0) notes.push(['attr', 0, { set: { round: tick / 50 } }])
    writer.endTick(notes)
  }
  if (options.end !== false) writer.end('the test is over')
  return new Uint8Array(Buffer.concat(chunks))
}
