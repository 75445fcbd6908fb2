import { describe, expect, it } from 'vitest'
import { makePond, pond, rawField } from '../pond-game.ts'
import { PondLab } from '../pond-lab.ts'

interface Drawn {
  readonly tick: number
  readonly viewTick: number
  readonly x: number
}

describe('prediction', () => {
  it('equals the truth as long as nobody interferes: no rollback, no correction', async () => {
    const lab = new PondLab()
    let calls = 0
    const { room, client, player } = await lab.join({
      sample: () => ({ move: { x: Math.sin(calls++ / 50), y: 0.5 } }),
      up: { delayMs: 40, jitterMs: 3, jitterShape: 'uniform', seed: 4 },
      down: { delayMs: 40, jitterMs: 3, jitterShape: 'uniform', seed: 5 },
    })
    for (let n = 0; n < 20; n++) {
      await lab.run(250)
      room.press('fire')
    }
    await lab.run(1000)
    const { rollbacks, corrections, lateInputs, eventsPredicted, eventsWithdrawn } = room.stats
    expect(lateInputs).toBe(0)
    expect({ rollbacks, corrections, eventsPredicted, eventsWithdrawn }).toEqual({
      rollbacks: 0,
      corrections: 0,
      eventsPredicted: 20,
      eventsWithdrawn: 0,
    })
    // The server's world was as predicted, so nothing was computed again.
    expect(room.stats.resimulatedTicks).toBeLessThan(50)
    expect(client.prediction.counts.skippedTicks).toBeGreaterThan(500)
    expect(player.inputs.length).toBeGreaterThan(300)
  })

  it('goes back and computes the present again when the truth is another, and shows no jump', async () => {
    const lab = new PondLab()
    const { room, client } = await lab.join({ sample: () => ({ move: { x: 0.5, y: 0 } }) })
    await lab.run(1000)
    const drawn: Drawn[] = []
    room.onFrame((view, { tick, viewTick }) => drawn.push({ tick, viewTick, x: view.boat.at(0).x }))
    await lab.run(200)
    let pushed = 0
    lab.server.will = (sim) => {
      if (pushed++ === 0) (sim.world.byName.boat?.viewAt(0) as unknown as { x: number }).x += 30
    }
    await lab.run(1500)
    expect({ rollbacks: room.stats.rollbacks, corrections: room.stats.corrections }).toEqual({
      rollbacks: 1,
      corrections: 1,
    })
    expect(room.stats.lastCorrection).toBeCloseTo(30, 1)
    // A boat at half speed makes 1 unit in a display frame; the offset decays with 80 ms.
    for (let n = 1; n < drawn.length; n++) {
      const moved = (drawn[n]?.x ?? 0) - (drawn[n - 1]?.x ?? 0)
      expect(moved).toBeGreaterThan(0.5)
      expect(moved).toBeLessThan(1.5 + 30 * (1 - Math.exp(-17 / 80)))
    }
    const { x } = room.debug.server.boat.at(0)
    const ahead = client.prediction.tick - client.newestTick
    expect(client.prediction.present).toBeDefined()
    expect(rawField(pond, client.prediction.present, 'boat', 1, 'x') / 256).toBeCloseTo(x + ahead, 0)
  })

  it('hands its own shots to the server by their keys: they go on without a jump', async () => {
    const lab = new PondLab()
    const { room } = await lab.join({ up: { delayMs: 60 }, down: { delayMs: 60 } })
    await lab.run(1000)
    const paths = new Map<number, Drawn[]>()
    room.onFrame((view, { tick, viewTick }) => {
      for (const shot of view.shot) paths.set(shot.id, [...(paths.get(shot.id) ?? []), { tick, viewTick, x: shot.x }])
    })
    const events: string[] = []
    room.onEvent('fired', (_values, { predicted }) => events.push(predicted ? 'predicted' : 'told'))
    room.onEventWithdrawn('fired', () => events.push('withdrawn'))
    for (let n = 0; n < 5; n++) {
      room.press('fire')
      await lab.run(400)
    }
    expect(events).toEqual(['predicted', 'predicted', 'predicted', 'predicted', 'predicted'])
    expect(paths.size).toBe(5)
    for (const path of paths.values()) {
      expect(path.length).toBeGreaterThan(20)
      // Before its first tick it is drawn where that has it, after its last one where that has it.
      for (let n = 3; n < path.length - 2; n++) {
        const a = path[n - 1]
        const b = path[n]
        if (a === undefined || b === undefined) continue
        expect(Math.abs(b.x - a.x - ((b.tick - a.tick) / 60) * 200)).toBeLessThan(0.1)
      }
    }
    expect(room.stats.corrections).toBe(0)
  })

  it('takes back what a refused press had done, once', async () => {
    const lab = new PondLab()
    const { room, player } = await lab.join()
    await lab.run(1000)
    const events: string[] = []
    room.onEvent('fired', () => events.push('fired'))
    room.onEventWithdrawn('fired', () => events.push('withdrawn'))
    player.refusing = true
    room.press('fire')
    await lab.run(30)
    expect(events).toEqual(['fired'])
    await lab.run(1000)
    expect(events).toEqual(['fired', 'withdrawn'])
    expect(room.debug.server.shot.count).toBe(0)
    expect(room.stats.rollbacks).toBeGreaterThan(0)
  })

  it('keeps presses that the server gets late: each has its effect once, with its own key', async () => {
    const lab = new PondLab()
    const { room, player } = await lab.join()
    await lab.run(1000)
    const events: string[] = []
    room.onEvent('fired', (_values, { tick }) => events.push(`fired ${tick > 0}`))
    room.onEventWithdrawn('fired', () => events.push('withdrawn'))
    const shots = new Set<number>()
    room.onFrame((view) => {
      for (const shot of view.shot) shots.add(shot.id)
    })
    player.slow = true
    for (let n = 0; n < 2; n++) {
      room.press('fire')
      await lab.run(80)
    }
    await lab.run(100)
    lab.server.release(player)
    await lab.run(2000)
    expect(room.stats.lateInputs).toBeGreaterThan(5)
    expect(events).toEqual(['fired true', 'fired true'])
    expect(shots.size).toBe(2)
    const own = room.debug.server.boat.at(0) as unknown as { id: number }
    expect(rawField(pond, lab.server.sim.world.ints, 'boat', own.id, 'shots')).toBe(998)
    expect(room.stats.eventsWithdrawn).toBe(0)
  })

  it('shows a press within the same display frame, without its effects', async () => {
    const lab = new PondLab()
    const { room, host } = await lab.join({ displayHz: 144 })
    await lab.run(1007)
    const seen: { ms: number; shots: number }[] = []
    const effects: number[] = []
    room.onFrame((view) => seen.push({ ms: host.now(), shots: view.shot.count }))
    room.onEvent('fired', () => effects.push(host.now()))
    const before = room.tick
    room.press('fire')
    const pressedMs = host.now()
    await lab.run(8)
    const first = seen.find(({ shots }) => shots > 0)
    expect(first?.ms).toBeLessThanOrEqual(pressedMs + 1000 / 144 + 1e-6)
    await lab.run(100)
    expect(effects).toHaveLength(1)
    expect(room.tick).toBeGreaterThan(before)
    expect(seen.filter(({ ms, shots }) => ms > (first?.ms ?? 0) && shots !== 1)).toEqual([])
  })

  it('asks for the devices in each display frame, and shows at once what they say', async () => {
    const lab = new PondLab()
    let fire = false
    const { room, host } = await lab.join({
      displayHz: 240,
      sample: () => {
        const now = fire
        fire = false
        return { fire: now }
      },
    })
    await lab.run(1007)
    const slow: number[] = []
    for (let n = 0; n < 20; n++) {
      fire = true
      const pressedMs = host.now()
      const stop = room.onFrame((view) => {
        if (view.shot.count === 0) slow.push(host.now() - pressedMs)
      })
      await lab.run(1000 / 240)
      stop()
      await lab.run(1100 + n)
    }
    expect(slow).toEqual([])
    expect(room.stats.eventsPredicted).toBe(20)
  })

  it('stamps a press with the frame that was on the screen before it', async () => {
    const lab = new PondLab()
    let wanted = false
    const drawn: string[] = []
    const { room, client, player } = await lab.join({
      displayHz: 90,
      sample: () => {
        const fire = wanted
        wanted = false
        if (fire) drawn.push(last)
        return { fire }
      },
    })
    let last = ''
    room.onFrame(() => {
      const { older, newer, fraction } = client.playback.stamp
      last = `${older} ${newer} ${fraction}`
    })
    await lab.run(1000)
    for (let n = 0; n < 30; n++) {
      wanted = true
      await lab.run(100 + n)
    }
    const pressed: string[] = []
    for (let n = 0; n < 30; n++) {
      pressed.push(last)
      room.press('horn')
      await lab.run(100 + n)
    }
    await lab.run(300)
    expect(player.pressStamps.map(([, older, newer, fraction]) => `${older} ${newer} ${fraction}`)).toEqual([
      ...drawn,
      ...pressed,
    ])
    expect(drawn).toHaveLength(30)
  })

  it('predicts what comes into its hands, and stops when it goes', async () => {
    const lab = new PondLab()
    const { room } = await lab.join({ sample: () => ({ move: { x: 1, y: 0 } }) })
    const id = lab.server.spawnBoat(0, 500)
    await lab.run(1000)
    const seen: { owner: number; x: number; viewTick: number; tick: number }[] = []
    room.onFrame((view, { tick, viewTick }) => {
      const boat = view.boat.get(id)
      seen.push({ owner: boat?.owner ?? -1, x: boat?.x ?? -1, viewTick, tick })
    })
    const give = async (owner: number) => {
      lab.server.will = (sim) => {
        const boat = sim.world.byName.boat?.get(id)
        if (boat !== undefined) boat.owner = owner
        lab.server.will = undefined
      }
      await lab.run(1000)
    }
    await give(1)
    const owned = room.stats.rollbacks
    expect(seen.at(-1)?.owner).toBe(1)
    expect(room.stats.corrections).toBeGreaterThan(0)
    const truth = room.debug.server.boat.get(id)?.x ?? 0
    expect(seen.at(-1)?.x).toBeGreaterThan(truth + 8)
    await lab.run(1000)
    expect(room.stats.rollbacks).toBe(owned)
    await give(0)
    expect(seen.at(-1)?.owner).toBe(0)
    expect(seen.every(({ x }) => x >= 500)).toBe(true)
    // Nobody steers it now: it stands where the server says.
    expect(seen.at(-1)?.x).toBe(room.debug.server.boat.get(id)?.x)
  })

  it('does not slide over a teleport of its own boat', async () => {
    const lab = new PondLab()
    const { room } = await lab.join()
    await lab.run(1000)
    const xs: number[] = []
    room.onFrame((view) => xs.push(view.boat.at(0).x))
    lab.server.will = (sim) => {
      const boat = sim.world.byName.boat?.viewAt(0) as unknown as { x: number; teleported(): void }
      boat.x = -400
      boat.teleported()
      lab.server.will = undefined
    }
    await lab.run(500)
    expect([...new Set(xs)]).toEqual([40, -400])
  })

  it("predicts everybody with 'all', and whom a function names", async () => {
    for (const predict of ['all', (entity: { type: string }) => entity.type === 'boat'] as const) {
      const game = makePond(predict)
      const lab = new PondLab({}, game)
      const one = await lab.join({ sample: () => ({ move: { x: 0.5, y: 0 } }) })
      await lab.join({ sample: () => ({ move: { x: -0.5, y: 0 } }) })
      await lab.run(2000)
      const at: { x: number; truth: number; ahead: number }[] = []
      one.room.onFrame((view, { tick }) => {
        const other = [...view.boat].find((boat) => boat.owner === 2)
        const truth = [...one.room.debug.server.boat].find((boat) => boat.owner === 2)
        at.push({ x: other?.x ?? 0, truth: truth?.x ?? 0, ahead: tick - one.client.newestTick })
      })
      const { rollbacks } = one.room.stats
      await lab.run(1000)
      // It steers steadily, so holding its levels predicts it well: half speed is one unit a tick.
      for (const { x, truth, ahead } of at) expect(Math.abs(truth - ahead - x)).toBeLessThan(0.6)
      expect(one.room.stats.rollbacks).toBe(rollbacks)
      expect(at.length).toBeGreaterThan(50)
    }
  })
})
