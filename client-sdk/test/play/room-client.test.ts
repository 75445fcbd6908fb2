import { SeededRandom } from '@tickmesh/shared'
import { describe, expect, it } from 'vitest'
import { type PondClient, PondLab, type PondOptions } from '../pond-lab.ts'

const ROUGH: PondOptions = {
  ordered: false,
  up: { delayMs: 40, jitterMs: 8, loss: 0.05, duplicate: 0.1, reorder: 0.1, reorderMs: 40, seed: 21 },
  down: { delayMs: 40, jitterMs: 8, loss: 0.05, duplicate: 0.1, reorder: 0.1, reorderMs: 40, seed: 22 },
}

/** Ticks that came to the server, in order of arrival, from `fromMs` of its clock on. */
function arrivals({ player }: PondClient, fromMs: number): { tick: number; atMs: number }[] {
  return player.inputs.filter(({ atMs }) => atMs >= fromMs)
}

/** Most inputs that came to the server within 20 ms. */
function densest(inputs: readonly { atMs: number }[]): number {
  let most = 0
  for (const { atMs } of inputs)
    most = Math.max(most, inputs.filter((other) => other.atMs >= atMs && other.atMs < atMs + 20).length)
  return most
}

describe('a client on a rough link', () => {
  it('plays each event once, though frames are lost, doubled and overtaken', async () => {
    const lab = new PondLab()
    const one = await lab.join(ROUGH)
    const two = await lab.join({ ...ROUGH, up: { ...ROUGH.up, seed: 31 }, down: { ...ROUGH.down, seed: 32 } })
    await lab.run(2000)
    const heard = { own: 0, other: 0, withdrawn: 0 }
    one.room.onEvent('fired', (_values, { own }) => heard[own ? 'own' : 'other']++)
    one.room.onEventWithdrawn('fired', () => heard.withdrawn++)
    for (let n = 0; n < 40; n++) {
      if (n % 2 === 0) one.room.press('fire')
      else two.room.press('fire')
      await lab.run(120)
    }
    await lab.run(2000)
    expect(heard).toEqual({ own: 20, other: 20, withdrawn: 0 })
    expect(one.room.open).toBe(true)
  })

  it('ends with the world of the server, and without late inputs counted twice', async () => {
    const lab = new PondLab()
    let still = false
    const { room, player } = await lab.join({
      ...ROUGH,
      sample: () => ({ move: { x: still ? 0 : Math.sin(lab.server.tick / 30), y: 0 } }),
    })
    await lab.run(8000)
    still = true
    await lab.run(2000)
    const truth = [...(lab.server.sim.world.byName.boat ?? [])][0] as unknown as { x: number }
    expect(room.debug.server.boat.at(0).x).toBe(truth.x)
    // Frames that were lost took their counts along.
    expect(player.allLate).toBeGreaterThan(3)
    expect(room.stats.lateInputs).toBeLessThanOrEqual(player.allLate)
    expect(room.stats.checkFailures).toBe(0)
  })

  it('sends again what the server has not got, so that single losses cost nothing', async () => {
    const lab = new PondLab()
    const client = await lab.join({ ordered: false, up: { delayMs: 30, loss: 0.05, seed: 8 }, down: { delayMs: 30 } })
    await lab.run(500)
    const fromMs = lab.server.now()
    await lab.run(5000)
    const ticks = arrivals(client, fromMs).map(({ tick }) => tick)
    expect(new Set(ticks).size).toBe(ticks.length)
    const missing = Math.max(...ticks) - Math.min(...ticks) + 1 - ticks.length
    expect(missing).toBe(0)
  })

  it('asks for a full frame when a baseline is unknown, and goes on from that', async () => {
    const lab = new PondLab()
    const { room, player, client } = await lab.join(ROUGH)
    await lab.run(1000)
    // Some frames are coded against snapshots that were never sent.
    let wrong = 0
    player.baseline = (chosen) => (wrong++ < 3 ? lab.server.tick - 1 : chosen)
    await lab.run(1500)
    expect(player.fullRequests).toBeGreaterThan(0)
    expect(room.open).toBe(true)
    expect(client.newestTick).toBeGreaterThan(lab.server.tick - 20)
    const asked = player.fullRequests
    await lab.run(1000)
    expect(player.fullRequests).toBe(asked)
  })

  it('names the suspects when a check fails, and recovers without losing or doubling an event', async () => {
    const lab = new PondLab()
    const { room, player, client } = await lab.join({ sample: () => ({ move: { x: 1, y: 0 } }) })
    await lab.run(1000)
    const heard: string[] = []
    room.onEvent('fired', () => heard.push('fired'))
    room.onEventWithdrawn('fired', () => heard.push('withdrawn'))
    // It happens while no frame can be read; the full one that follows does not tell of it.
    room.press('fire')
    let broken = 0
    // The client's memory is not what the server thinks: its motion leads elsewhere.
    const baseline = client.frames.find(client.newestTick)
    if (baseline !== undefined) baseline[baseline.length - 1] = 1
    for (const entity of lab.server.sim.game.entities) {
      const field = entity.fields.find(({ name }) => name === 'x')
      const count = field === undefined || baseline === undefined ? 0 : 1
      if (count > 0 && baseline !== undefined && field !== undefined && entity.name === 'boat') {
        baseline[field.offset] = (baseline[field.offset] ?? 0) + 77
        broken++
      }
    }
    await lab.run(2000)
    expect(broken).toBe(1)
    expect(room.stats.checkFailures).toBeGreaterThan(0)
    expect([...player.plainTypes]).toEqual([1, 1])
    expect(room.open).toBe(true)
    expect(client.newestTick).toBeGreaterThan(lab.server.tick - 10)
    expect(heard).toEqual(['fired'])
    const failures = room.stats.checkFailures
    await lab.run(1000)
    expect(room.stats.checkFailures).toBe(failures)
  })

  it('asks by a message of its own while it sends no inputs', async () => {
    const lab = new PondLab()
    const { room, player, client } = await lab.join()
    await lab.run(1000)
    player.muted = true
    await lab.run(3000)
    expect(client.prediction.blocked).toBe(true)
    const last = player.inputs.length
    await lab.run(500)
    expect(player.inputs.length).toBe(last)
    player.muted = false
    // On this link the server codes against the last frame that it sent.
    player.lastFrameTick = lab.server.tick - 1
    await lab.run(1500)
    expect(player.messages.some(({ t }) => t === 'full')).toBe(true)
    expect(client.newestTick).toBeGreaterThan(lab.server.tick - 10)
    expect(player.inputs.length).toBeGreaterThan(last + 30)
    expect(room.open).toBe(true)
  })
})

describe('a client after a gap', () => {
  it.each([
    ['two seconds', 2_000],
    ['ten seconds', 10_000],
  ])('of %s, in which nothing of the page ran, makes no burst of inputs and is in step again', async (_name, gapMs) => {
    const lab = new PondLab()
    const client = await lab.join({ sample: () => ({ move: { x: 1, y: 0 } }) })
    await lab.run(2000)
    client.host.frozenUntilMs = lab.scheduler.now() + gapMs
    await lab.run(gapMs)
    const fromMs = lab.server.now()
    await lab.run(3000)
    const after = arrivals(client, fromMs + 50)
    expect(densest(after)).toBeLessThanOrEqual(12)
    expect(after.length).toBeLessThan(3 * 60 + 15)
    const last = arrivals(client, fromMs + 1500)
    expect(last.length).toBeGreaterThan(80)
    expect(client.room.stats.marginMs).toBeGreaterThan(0)
    expect(client.room.stats.marginMs).toBeLessThan(40)
    expect(client.room.stats.stalls).toBeLessThan(5)
    const corrected = client.room.stats.corrections
    await lab.run(1000)
    expect(client.room.stats.corrections).toBe(corrected)
  })

  it('of an hour, over which the server kept still, is in step again', async () => {
    const lab = new PondLab()
    const client = await lab.join()
    await lab.run(2000)
    client.player.muted = true
    client.host.frozenUntilMs = lab.scheduler.now() + 3_600_000
    lab.scheduler.runUntil(client.host.frozenUntilMs - 1)
    client.player.muted = false
    client.player.wantsFull = true
    const fromMs = lab.server.now()
    await lab.run(3000)
    expect(densest(arrivals(client, fromMs))).toBeLessThanOrEqual(12)
    expect(client.client.newestTick).toBeGreaterThan(lab.server.tick - 10)
    expect(client.room.stats.marginMs).toBeGreaterThan(0)
    expect(arrivals(client, fromMs + 1500).length).toBeGreaterThan(80)
  })

  it('finds the time again when its own clock stood still, as in sleep', async () => {
    const lab = new PondLab()
    const client = await lab.join()
    await lab.run(2000)
    let sleptMs = 0
    const now = client.host.now.bind(client.host)
    client.host.now = () => now() - sleptMs
    const at = client.host.at.bind(client.host)
    client.host.at = (timeMs, run) => at(timeMs + sleptMs, run)
    client.host.frozenUntilMs = lab.scheduler.now() + 20_000
    lab.scheduler.runUntil(client.host.frozenUntilMs - 1)
    sleptMs = 20_000
    await lab.run(3000)
    const fromMs = lab.server.now()
    await lab.run(1000)
    expect(arrivals(client, fromMs).length).toBeGreaterThan(50)
    expect(client.room.stats.marginMs).toBeGreaterThan(0)
    expect(client.room.stats.marginMs).toBeLessThan(60)
  })

  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'on a path that loses packets, after %d ms of a tick: finds the time again when its own clock stood still',
    async (ms) => {
      const lab = new PondLab()
      const client = await lab.join(ROUGH)
      await lab.run(3000 + ms * 2)
      expect(client.client.counts.lostShare).toBeGreaterThan(0.005)
      client.player.baseline = (chosen) => (lab.server.tick - chosen > 60 ? -1 : chosen)
      let sleptMs = 0
      const now = client.host.now.bind(client.host)
      client.host.now = () => now() - sleptMs
      const at = client.host.at.bind(client.host)
      client.host.at = (timeMs, run) => at(timeMs + sleptMs, run)
      client.host.frozenUntilMs = lab.scheduler.now() + 4_000
      lab.scheduler.runUntil(client.host.frozenUntilMs - 1)
      // Local time has not gone on: what was due in half a tick is due only now, after the frames that waited.
      sleptMs = 4_000 - ms
      await lab.run(4000)
      const fromMs = lab.server.now()
      await lab.run(1000)
      expect(arrivals(client, fromMs).length).toBeGreaterThan(50)
    },
  )

  it('acknowledges what comes, although by its clock, which stood still, no input is due for seconds', async () => {
    const lab = new PondLab()
    const { client, player, host } = await lab.join()
    await lab.run(2000)
    player.muted = true
    await lab.run(100)
    host.frozenUntilMs = lab.scheduler.now() + 500
    lab.scheduler.runUntil(host.frozenUntilMs - 1)
    const now = host.now.bind(host)
    host.now = () => now() - 500
    const at = host.at.bind(host)
    host.at = (timeMs, run) => at(timeMs + 500, run)
    player.muted = false
    player.wantsFull = true
    const before = client.newestTick
    while (client.newestTick === before) await lab.run(1)
    const { newestTick } = client
    await lab.run(45)
    expect(player.ackTick).toBe(newestTick)
  })

  it('of its display only goes on sending, and shows no past when it comes back', async () => {
    const lab = new PondLab()
    const client = await lab.join()
    const ticks: number[] = []
    client.room.onFrame((_view, { viewTick }) => ticks.push(viewTick))
    await lab.run(1000)
    client.host.hidden = true
    const fromMs = lab.server.now()
    await lab.run(5000)
    expect(arrivals(client, fromMs).length).toBeGreaterThan(295)
    client.host.hidden = false
    const frames = ticks.length
    await lab.run(100)
    expect((ticks[frames] ?? 0) - (ticks[frames - 1] ?? 0)).toBeGreaterThan(290)
    expect(ticks.every((tick, n) => n === 0 || tick >= (ticks[n - 1] ?? 0))).toBe(true)
  })

  it('waits for the server without spinning, and without counting stalls', async () => {
    const lab = new PondLab()
    const { player, client, room } = await lab.join()
    await lab.run(1000)
    player.muted = true
    await lab.run(2000)
    let calls = 0
    const run = client.runTicks.bind(client)
    client.runTicks = (nowMs) => {
      calls++
      return run(nowMs)
    }
    await lab.run(1000)
    expect(calls).toBeLessThan(200)
    expect(room.stats.stalls).toBe(0)
  })
})

describe('a client', () => {
  it('sends neutral levels while nobody is there', async () => {
    const lab = new PondLab()
    const { room, host } = await lab.join({ sample: () => ({ move: { x: 1, y: 0 } }) })
    await lab.run(1000)
    host.away = true
    await lab.run(300)
    const { x } = room.debug.server.boat.at(0)
    await lab.run(1000)
    expect(room.debug.server.boat.at(0).x).toBe(x)
    host.away = false
    await lab.run(1000)
    expect(room.debug.server.boat.at(0).x).toBeGreaterThan(x + 80)
  })

  it("plays others' events when it draws the tick in which they happened", async () => {
    const lab = new PondLab()
    const one = await lab.join()
    const two = await lab.join()
    await lab.run(1000)
    let viewTick = 0
    const gaps: number[] = []
    one.room.onEvent('fired', (_values, { own, tick, predicted }) => {
      expect({ own, predicted }).toEqual({ own: false, predicted: false })
      gaps.push(one.client.playback.viewTick - tick)
    })
    one.room.onFrame((_view, frame) => {
      viewTick = frame.viewTick
    })
    for (let n = 0; n < 10; n++) {
      two.room.press('fire')
      await lab.run(133)
    }
    await lab.run(500)
    expect(gaps).toHaveLength(10)
    for (const gap of gaps) expect(gap).toBeLessThan(1.1)
    for (const gap of gaps) expect(gap).toBeGreaterThanOrEqual(0)
    expect(viewTick).toBeGreaterThan(0)
  })

  it('draws others with their stamps: what it drew is what the server finds', async () => {
    const lab = new PondLab()
    const one = await lab.join({ displayHz: 144 })
    await lab.join({ sample: () => ({ move: { x: Math.cos(lab.server.tick / 20), y: 1 } }) })
    await lab.run(1000)
    let checked = 0
    one.room.onFrame((view) => {
      const other = [...view.boat].find((boat) => boat.owner === 2)
      const { older, newer, fraction } = one.client.playback.stamp
      const a = lab.server.history.find(older)
      const b = lab.server.history.find(newer)
      if (other === undefined || a === undefined || b === undefined || older === newer) return
      const field = lab.server.sim.game.entities[0]?.fields[0]
      const at = field?.offset ?? 0
      const from = a[at + 1] ?? 0
      const mixed = from + Math.floor((((b[at + 1] ?? 0) - from) * fraction) / 256 + 0.5)
      expect(other.x * 256).toBe(mixed)
      checked++
    })
    await lab.run(2000)
    expect(checked).toBeGreaterThan(200)
  })

  it('keeps its inputs in time: the margin settles at a few milliseconds', async () => {
    const lab = new PondLab({ clockOffsetMs: 1e6 })
    const { room, player } = await lab.join({ up: { delayMs: 70, jitterMs: 5, jitterShape: 'uniform', seed: 2 } })
    await lab.run(20_000)
    const { late } = player
    await lab.run(10_000)
    expect(player.late).toBe(late)
    expect(room.stats.marginMs).toBeLessThan(20)
  })

  it('does not gather offsets of what it never draws', async () => {
    const lab = new PondLab()
    const { room, client } = await lab.join()
    lab.server.will = (sim, tick) => {
      if (tick % 30 === 0) (sim.world.byName.boat?.viewAt(0) as unknown as { x: number }).x = (tick * 7) % 100
    }
    await lab.run(5000)
    lab.server.will = undefined
    await lab.run(2000)
    expect(room.stats.corrections).toBeGreaterThan(5)
    expect(client.smoothing.size).toBe(0)
  })

  it('never throws on random bytes, nor believes them', async () => {
    const lab = new PondLab()
    const { client, player, host } = await lab.join()
    await lab.run(500)
    const good = lab.server.frame(player, client.newestTick)
    const random = new SeededRandom(11)
    const { newestTick } = client
    let malformed = 0
    for (let n = 0; n < 100_000; n++) {
      let bytes: Uint8Array
      if (n % 2 === 0) {
        bytes = Uint8Array.from({ length: 1 + Math.floor(random.next() * 48) }, () => random.uint32() & 255)
        // Half of them of the present, so that they get past their head.
        if (n % 4 === 0) bytes.set(good.subarray(0, Math.min(4, bytes.length)))
      } else {
        bytes = good.slice(0, 1 + Math.floor(random.next() * good.length))
        const at = 1 + Math.floor(random.next() * (bytes.length - 1))
        bytes[at] = random.uint32() & 255
      }
      if (!client.onFrame(bytes, host.now())) malformed++
    }
    expect(malformed).toBeGreaterThan(20_000)
    expect(client.newestTick - newestTick).toBeLessThan(10)
  })
})
