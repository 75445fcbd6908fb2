/**
 * What interest hides is not in the bytes. The coder hides literal values, so searching is not enough: two servers that differ in nothing but what one client
 * may not see must send it the same bytes.
 */
import {
  axis,
  createLinkPair,
  defineGame,
  entityRef,
  fixed,
  HEADER_COUNTS,
  Impairment,
  int,
  type Link,
  type LinkReceiver,
  ownerOnly,
  press,
  serverOnly,
} from '@tickmesh/shared'
import { describe, expect, it } from 'vitest'
import type { Rules } from '../../src/index.ts'
import { RawClient, TestServer } from '../raw-client.ts'

const FAR = 5_000
const code = () => int(0, 2 ** 30)

const vault = defineGame({
  id: 'vault',
  tickRate: 60,
  snapshotRate: 20,
  maxPlayers: 4,
  input: { move: axis(), fire: press() },
  events: {
    shot: { by: entityRef(), secret: code() },
    alarm: { at: entityRef(), x: fixed(0, 10_000, 1 / 16), y: fixed(0, 10_000, 1 / 16), secret: code() },
  },
  entities: {
    agent: {
      max: 8,
      fields: {
        x: fixed(0, 10_000, 1 / 16),
        y: fixed(0, 10_000, 1 / 16),
        code: code(),
        ammo: ownerOnly(code()),
        mark: serverOnly(code()),
      },
      motion(a, held, dt) {
        a.y += held.move * 60 * dt
      },
      step(a, input, ctx) {
        ctx.move(a)
        if (input.fire > 0) ctx.emit('shot', { by: a.id, secret: a.code })
      },
    },
    safe: {
      max: 8,
      fields: { x: fixed(0, 10_000, 1 / 16), y: fixed(0, 10_000, 1 / 16), code: code(), key: serverOnly(code()) },
    },
  },
})
type Vault = NonNullable<typeof vault.shape>

/** The other player is near for the first 90 of 200 ticks, then far away. */
const isHidden = (tick: number) => tick % 200 >= 90

/** A secret that no other value of the game equals; 0 in a server that has none. */
const secretAt = (secret: number, tick: number) => (secret === 0 ? 0 : secret + (tick % 1000))

function rulesWith(secret: number): Rules<Vault> {
  let safe = 0
  return {
    interest: { grid: { x: 'x', y: 'y', radius: 300 }, budgetBytesPerSecond: 600 },
    onCreate(room) {
      safe = room.spawn('safe', { x: FAR, y: FAR, code: secret, key: secret }).id
      for (let n = 0; n < 4; n++) room.spawn('safe', { x: 100 * n, y: 200, code: n, key: secret })
    },
    onJoin(room, { seat }) {
      room.spawn('agent', { owner: seat, x: 100 * seat, y: 100, code: seat, ammo: seat })
    },
    onTick(room) {
      const { tick, world } = room
      const hidden = isHidden(tick)
      for (const agent of world.agent) {
        agent.mark = secret
        if (agent.owner !== 2) continue
        const turns = tick % 200 === 0 || tick % 200 === 90
        if (turns) agent.teleported()
        if (turns) agent.x = hidden ? FAR : 200
        if (turns) agent.y = hidden ? FAR : 100
        agent.code = hidden ? secretAt(secret, tick) : 2
        agent.ammo = secretAt(secret, tick)
      }
      const chest = room.find(safe)
      if (chest?.type === 'safe') chest.code = secretAt(secret, tick)
      if (tick % 50 === 20) room.emit('alarm', { at: safe, x: FAR, y: FAR, secret: secretAt(secret, tick) })
      if (tick % 50 === 40) room.emit('alarm', { at: 0, x: 120, y: 120, secret: 7 })
    },
  }
}

/** A link that keeps all bytes that it brings. */
function tapped(link: Link, heard: Uint8Array[]): Link {
  return {
    get ordered() {
      return link.ordered
    },
    get bufferedBytes() {
      return link.bufferedBytes
    },
    attach(receiver: LinkReceiver) {
      link.attach({
        onMessage(lane, bytes) {
          heard.push(bytes.slice())
          receiver.onMessage(lane, bytes)
        },
        onClose: (reason) => receiver.onClose(reason),
      })
    },
    send: (lane, bytes) => link.send(lane, bytes),
    close: (reason) => link.close(reason),
  } as Link
}

/** Plays 600 ticks. Gives all that the first client got. */
function traffic(
  secret: number,
  ordered: boolean,
): { bytes: Uint8Array[]; client: RawClient; seen: Set<number>; agents: number[] } {
  const server = new TestServer(vault, rulesWith(secret))
  const heard: Uint8Array[] = []
  const loss = ordered ? 0 : 0.1
  const [near, far] = createLinkPair(server.scheduler, {}, new Impairment({ seed: 5, loss }), { ordered })
  server.host.accept(far)
  const client = new RawClient(vault, tapped(near, heard))
  client.hello({})
  server.run(200)
  const other = server.join()
  const seen = new Set<number>()
  const agents: number[] = []
  for (let n = 0; n < 600; n++) {
    const [mine, its] = [server.nextTick(client), server.nextTick(other)]
    client.input(mine, [n % 40 < 20 ? 127 : -127])
    const held = isHidden(its) && secret !== 0 ? [-127 + (its % 250)] : [its % 20 < 10 ? 127 : 0]
    // How often somebody pressed is no secret: keys of what it makes later count its presses.
    other.input(its, held, [its % 7 === 0 ? 1 : 0])
    server.run(1000 / 60)
    const frame = client.frames.find(client.newest)
    if (n % 3 === 0) for (const int of frame ?? []) seen.add(int)
    agents.push(frame?.[HEADER_COUNTS] ?? 0)
  }
  return { bytes: heard, client, seen, agents }
}

describe('what interest hides', () => {
  for (const ordered of [true, false]) {
    it(`is not in the bytes of a client: they are the same whatever it is (${ordered ? 'ordered' : 'with loss'})`, () => {
      const SECRET = 0x2a51_c000
      const [plain, planted] = [traffic(0, ordered), traffic(SECRET, ordered)]
      expect(planted.client.statuses.every((status) => status === 'ok')).toBe(true)
      expect(planted.client.heads.length).toBeGreaterThan(150)
      expect(planted.bytes.length).toBe(plain.bytes.length)
      planted.bytes.forEach((bytes, n) => {
        expect(bytes).toEqual(plain.bytes[n])
      })
      for (let n = 0; n < 1000; n++) expect(planted.seen.has(SECRET + n)).toBe(false)
      // There was something to see: the other player came and went.
      expect(planted.agents.filter((count) => count === 2).length).toBeGreaterThan(150)
      expect(planted.agents.filter((count) => count === 1).length).toBeGreaterThan(150)
    })
  }
})
