/**
 * What only the server decides: who spawns where, who is hurt, who dies, who scores. Runs inside the room, on its clock, and never reaches a page. Keeps nothing of its
 * own: all is in entities, attributes and named timers, so that another shard can go on with a match.
 */
import type { Rules } from '@tickmesh/server'
import { hypot } from '@tickmesh/shared'
import type { ArenaShape } from './game.ts'
import { type ArenaPlayer, type ArenaRoom, blast, hurt } from './harm.ts'
import { duelPlaces, type Place, pickupPlaces, spawnPlaces } from './map.ts'
import { parseJoin } from './roster.ts'
import { MAX_PLAYERS, pickup, player } from './tuning.ts'

export interface ArenaOptions {
  /** `spread`: far from everybody. `duel`: in the middle court, face to face (tests, demonstrations). */
  readonly spawns: 'spread' | 'duel'
}

/** What the timers get that `harm.ts` and `collect` set. */
interface Dead {
  readonly seat: number
  readonly id: string
  readonly debug: boolean
}
interface Taken {
  readonly pickup: number
}

/** The rules of one server's rooms. */
export function arenaRules(options: ArenaOptions): Rules<ArenaShape> {
  function spawn(room: ArenaRoom, who: ArenaPlayer, debug: boolean): void {
    const place = options.spawns === 'duel' ? duelPlace(room) : freePlace(room)
    room.spawn('player', { owner: who.seat, x: place.x, y: place.y, shield: player.shieldTicks, debug })
  }

  return {
    onCreate(room) {
      for (const place of pickupPlaces) room.spawn('pickup', { x: place.x, y: place.y })
    },
    onJoin(room, who) {
      const { name, bot } = parseJoin(who.options)
      who.setAttributes({ name, bot, color: freeColor(room, who) })
      spawn(room, who, false)
    },
    commands: {
      damage(room, { target, ...harm }) {
        const view = room.world.player.get(target)
        if (view !== undefined) hurt(room, view, harm)
      },
      blast,
      collect,
      rewound(room, { to, ...moment }) {
        const who = room.players.get(to)
        if (who !== undefined) room.send(who, 'rewound', moment)
      },
    },
    timers: {
      respawn(room, data) {
        const { seat, id, debug } = data as Dead
        const who = room.players.get(seat)
        if (who?.id === id) spawn(room, who, debug)
      },
      restock(room, data) {
        const back = room.world.pickup.get((data as Taken).pickup)
        if (back === undefined) return
        back.ready = true
        back.asleep = false
      },
    },
    messages: {
      debug(room, who, { on }) {
        for (const view of room.world.player) if (view.owner === who.seat) view.debug = on
      },
    },
  }
}

/** A wounded player takes a pickup, which sleeps, and comes back. */
function collect(room: ArenaRoom, { pickup: id, by }: { readonly pickup: number; readonly by: number }): void {
  const item = room.world.pickup.get(id)
  const view = room.world.player.get(by)
  if (item === undefined || !item.ready || view === undefined) return
  view.hp = Math.min(player.hp, view.hp + pickup.heal)
  item.ready = false
  item.asleep = true
  room.emit('heal', { target: view.id, x: item.x, y: item.y })
  room.schedule('restock', pickup.returnMs, { pickup: item.id })
}

/** The spawn place farthest from the next player; among about equal ones, any. */
function freePlace(room: ArenaRoom): Place {
  let best = spawnPlaces[0] as Place
  let bestScore = -1
  for (const place of spawnPlaces) {
    let nearest = 1000
    for (const view of room.world.player) nearest = Math.min(nearest, hypot(view.x - place.x, view.y - place.y))
    const score = nearest + room.random() * 250
    if (score > bestScore) {
      best = place
      bestScore = score
    }
  }
  return best
}

function duelPlace(room: ArenaRoom): Place {
  const isFree = (place: Place) =>
    [...room.world.player].every((view) => hypot(view.x - place.x, view.y - place.y) > 100)
  return duelPlaces.find(isFree) ?? freePlace(room)
}

/** The first colour that nobody here wears. */
function freeColor(room: ArenaRoom, who: ArenaPlayer): number {
  const worn = new Set(
    [...room.players.values()].filter((other) => other !== who).map(({ attributes }) => attributes.color),
  )
  for (let color = 0; color < MAX_PLAYERS; color++) if (!worn.has(color)) return color
  return 0
}
