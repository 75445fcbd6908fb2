/** Types end to end: what a page and a server's rules may write, from one definition. Checked by tsc; running it only proves that it loads. */
import type { Room } from '@tickmesh/client'
import type { Rules } from '@tickmesh/server'
import { angle, axis2, bool, defineGame, entityRef, fixed, int, press, type ShapeOf, text } from '@tickmesh/shared'
import { describe, expectTypeOf, it } from 'vitest'

const game = defineGame({
  id: 'typed',
  tickRate: 60,
  snapshotRate: 20,
  input: { move: axis2(), aim: angle(12), fire: press() },
  events: { shot: { by: entityRef(), x: fixed(0, 1, 1 / 4) } },
  commands: { damage: { amount: int(0, 100) } },
  messages: { toServer: { say: { text: text(20) } }, toClient: { told: { text: text(20), loud: bool() } } },
  attributes: { room: { map: '' }, player: { score: 0 } },
  entities: {
    player: { fields: { x: fixed(0, 1, 1 / 4), hp: int(0, 100) } },
    crate: { fields: { weight: int(0, 9) } },
  },
})
type Typed = ShapeOf<typeof game>

/** Never called. */
export function page(room: Room<Typed>): void {
  room.onFrame((view, frame) => {
    for (const player of view.player) expectTypeOf(player.hp).toEqualTypeOf<number>()
    const found = view.find(frame.own)
    if (found?.type === 'crate') expectTypeOf(found.weight).toEqualTypeOf<number>()
    // @ts-expect-error what is drawn is read-only
    for (const player of view.player) player.hp = 3
  })
  room.onEvent('shot', ({ x }, { predicted }) => {
    expectTypeOf(x).toEqualTypeOf<number>()
    expectTypeOf(predicted).toEqualTypeOf<boolean>()
  })
  // @ts-expect-error no such event
  room.onEvent('bang', () => {})
  room.onMessage('told', ({ loud }) => expectTypeOf(loud).toEqualTypeOf<boolean>())
  room.press('fire')
  // @ts-expect-error an axis is not pressed
  room.press('move')
  room.send('say', { text: 'hello' })
  // @ts-expect-error a text is not a number
  room.send('say', { text: 3 })
  expectTypeOf(room.attributes.map).toEqualTypeOf<string>()
  expectTypeOf(room.players.get(1)?.attributes.score).toEqualTypeOf<number | undefined>()
}

export const rules: Rules<Typed> = {
  onJoin(room, player) {
    const entity = room.spawn('player', { owner: player.seat, hp: 100 })
    expectTypeOf(entity.x).toEqualTypeOf<number>()
    player.setAttributes({ score: 1 })
    // @ts-expect-error no such attribute
    player.setAttributes({ points: 1 })
    // @ts-expect-error no such field
    room.spawn('player', { mana: 3 })
  },
  commands: {
    damage(room, { amount }) {
      expectTypeOf(amount).toEqualTypeOf<number>()
      const found = room.find(1)
      if (found?.type === 'player') found.hp -= amount
    },
  },
  messages: { say: (room, player, { text: said }) => room.send(player, 'told', { text: said, loud: true }) },
}

/** A rule of prediction reads entities and the world, and writes neither. */
export const ruled = defineGame({
  id: 'ruled',
  tickRate: 60,
  snapshotRate: 20,
  input: {},
  entities: { player: { fields: { x: fixed(0, 1, 1 / 4) } }, ball: { fields: { spin: int(0, 9) } } },
  predict(entity, seat, world) {
    expectTypeOf(seat).toEqualTypeOf<number & { readonly seat?: never }>()
    if (entity.type === 'ball') return entity.spin > 3
    // @ts-expect-error what is asked about is read-only
    entity.x = 1
    return world.player.count > 1 && entity.x > 0
  },
})

// @ts-expect-error every command needs a rule
export const incomplete: Rules<Typed> = { onJoin() {} }

describe('types', () => {
  it('follow from the definition on the page and in the rules', () => {
    expectTypeOf<Typed['entities']['crate']['weight']>().toEqualTypeOf<ReturnType<typeof int>>()
  })
})
