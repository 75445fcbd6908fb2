import { describe, expectTypeOf, it } from 'vitest'
import {
  angle,
  axis2,
  bool,
  circle,
  defineGame,
  type EntityId,
  entityRef,
  enumeration,
  fixed,
  flags,
  type Game,
  int,
  linear,
  ownerOnly,
  press,
  privateInput,
  serverOnly,
  text,
  type ViewOf,
} from '../../src/index.ts'

const game = defineGame({
  id: 'arena',
  tickRate: 60,
  snapshotRate: 20,
  input: { move: axis2(), aim: angle(12), fire: press(), menu: privateInput(bool()) },
  events: { shot: { by: entityRef(), x: fixed(0, 4096, 1 / 16) } },
  commands: { damage: { target: entityRef(), amount: int(0, 100) } },
  messages: { toServer: { say: { text: text(100) } }, toClient: { score: { seat: int(0, 16), points: int(0, 1000) } } },
  attributes: { room: { map: 'dust' }, player: { name: '', kills: 0 } },
  entities: {
    player: {
      fields: {
        x: fixed(0, 4096, 1 / 256),
        y: fixed(0, 4096, 1 / 256),
        vx: fixed(-512, 512, 1 / 1024),
        aim: angle(12),
        hp: int(0, 100),
        mode: enumeration('idle', 'run'),
        state: flags('shield', 'stunned'),
        target: entityRef(),
        ammo: ownerOnly(int(0, 30)),
        luck: serverOnly(int(0, 9)),
      },
      hitbox: circle(16),
      motion(p, held, dt) {
        expectTypeOf(p.x).toEqualTypeOf<number>()
        expectTypeOf(held.move.x).toEqualTypeOf<number>()
        expectTypeOf(held.aim).toEqualTypeOf<number>()
        // @ts-expect-error owner-only fields are unknown to a motion
        p.ammo
        // @ts-expect-error presses are not held
        held.fire
        // @ts-expect-error private inputs are unknown to a motion
        held.menu
        p.x += p.vx * dt
      },
      step(p, input, ctx) {
        expectTypeOf(input.fire).toEqualTypeOf<number>()
        expectTypeOf(input.menu).toEqualTypeOf<boolean>()
        expectTypeOf(p.mode).toEqualTypeOf<'idle' | 'run'>()
        expectTypeOf(p.state.shield).toEqualTypeOf<boolean>()
        expectTypeOf(p.target).toEqualTypeOf<EntityId>()
        expectTypeOf(p.type).toEqualTypeOf<'player'>()
        p.ammo -= 1
        // @ts-expect-error no such field
        p.mana
        const hit = ctx.seenBy(p).raycast(p, p.aim)
        if (hit) ctx.command('damage', { target: hit.id, amount: 10 })
        // @ts-expect-error no such command
        ctx.command('heal', {})
        // @ts-expect-error wrong type
        ctx.emit('shot', { by: 'me' })
        const rocket = ctx.spawn('rocket', { x: p.x, y: 1 })
        expectTypeOf(rocket.vx).toEqualTypeOf<number>()
        for (const other of ctx.world.player) expectTypeOf(other.hp).toEqualTypeOf<number>()
      },
    },
    rocket: {
      fields: { x: fixed(0, 4096, 1 / 256), y: fixed(0, 4096, 1 / 256), vx: fixed(-512, 512, 1 / 1024) },
      motion: linear(['x', 'vx']),
    },
  },
})

type ShapeOfGame<G> = G extends Game<infer S> ? S : never
type S = ShapeOfGame<typeof game>

describe('defineGame', () => {
  it('carries the types of everything that was declared', () => {
    expectTypeOf<ViewOf<S, 'player'>['hp']>().toEqualTypeOf<number>()
    expectTypeOf<S['playerAttributes']>().toEqualTypeOf<{ name: string; kills: number }>()
    expectTypeOf<S['toServer']['say']['text']>().toEqualTypeOf<ReturnType<typeof text>>()
  })
})
