/**
 * What only the server decides: who spawns where, who is hurt, who dies, who scores. Runs inside the room, on its clock (`room.after`), and
 * never reaches a page.
 */
import type { Player, Room, Rules } from '@tickmesh/server'
import { hypot, type Seat, type ViewOf } from '@tickmesh/shared'
import type { ArenaShape } from './game.ts'
import { duelPlaces, pickupPlaces, type Place, seesPlace, spawnPlaces } from './map.ts'
import { parseJoin } from './roster.ts'
import { MAX_PLAYERS, pickup, player, rocket } from './tuning.ts'

type ArenaRoom = Room<ArenaShape>
type ArenaPlayer = Player<ArenaShape>
type PlayerView = ViewOf<ArenaShape, 'player'>
type Weapon = 'rifle' | 'rocket'

export interface ArenaOptions {
  /** `spread`: far from everybody. `duel`: in the middle court, face to face (tests, demonstrations). */
  readonly spawns: 'spread' | 'duel'
}

interface Harm {
  readonly by: Seat
  readonly amount: number
  readonly weapon: Weapon
  readonly x: number
  readonly y: number
}

/** The rules of one server's rooms. */
export function arenaRules(options: ArenaOptions): Rules<ArenaShape> {
  /** Who asked to see rewound hitboxes. */
  const watching = new WeakSet<ArenaPlayer>()

  function spawn(room: ArenaRoom, who: ArenaPlayer): void {
    const place = options.spawns === 'duel' ? duelPlace(room) : freePlace(room)
    const debug = watching.has(who)
    room.spawn('player', { owner: who.seat, x: place.x, y: place.y, shield: player.shieldTicks, debug })
  }

  function hurt(room: ArenaRoom, target: PlayerView, harm: Harm): void {
    if (target.shield > 0 || target.hp === 0) return
    const amount = Math.min(harm.amount, target.hp)
    target.hp -= amount
    room.emit('hurt', { target: target.id, victim: target.owner, by: harm.by, amount, x: harm.x, y: harm.y })
    if (target.hp === 0) die(room, target, harm)
  }

  function die(room: ArenaRoom, target: PlayerView, { by, weapon }: Harm): void {
    const victim = room.players.get(target.owner)
    const killer = room.players.get(by)
    room.emit('kill', { killer: by, victim: target.owner, weapon, x: target.x, y: target.y })
    room.despawn(target)
    if (killer !== undefined && killer !== victim) killer.setAttributes({ kills: killer.attributes.kills + 1 })
    if (victim === undefined) return
    victim.setAttributes({ deaths: victim.attributes.deaths + 1 })
    room.after(player.respawnMs, () => {
      if (room.players.get(victim.seat) === victim) spawn(room, victim)
    })
  }

  return {
    onCreate(room) {
      for (const place of pickupPlaces) room.spawn('pickup', { x: place.x, y: place.y })
    },
    onJoin(room, who) {
      const { name, bot } = parseJoin(who.options)
      who.setAttributes({ name, bot, color: freeColor(room, who) })
      spawn(room, who)
    },
    commands: {
      damage(room, { target, ...harm }) {
        const view = room.world.player.get(target)
        if (view !== undefined) hurt(room, view, harm)
      },
      blast(room, { by, x, y }) {
        for (const view of [...room.world.player]) {
          const distance = hypot(view.x - x, view.y - y) - player.radius
          if (distance > rocket.blastRadius || !seesPlace(x, y, view.x, view.y)) continue
          const near = 1 - Math.max(0, distance) / rocket.blastRadius
          const full = rocket.edgeDamage + (rocket.damage - rocket.edgeDamage) * near
          const amount = Math.round(view.owner === by ? full * rocket.ownShare : full)
          hurt(room, view, { by, amount, weapon: 'rocket', x, y })
        }
      },
      collect(room, { pickup: id, by }) {
        const item = room.world.pickup.get(id)
        const view = room.world.player.get(by)
        if (item === undefined || !item.ready || view === undefined) return
        view.hp = Math.min(player.hp, view.hp + pickup.heal)
        item.ready = false
        item.asleep = true
        room.emit('heal', { target: view.id, x: item.x, y: item.y })
        room.after(pickup.returnMs, () => {
          const back = room.world.pickup.get(id)
          if (back === undefined) return
          back.ready = true
          back.asleep = false
        })
      },
      rewound(room, { to, ...moment }) {
        const who = room.players.get(to)
        if (who !== undefined) room.send(who, 'rewound', moment)
      },
    },
    messages: {
      debug(room, who, { on }) {
        if (on) watching.add(who)
        else watching.delete(who)
        for (const view of room.world.player) if (view.owner === who.seat) view.debug = on
      },
    },
  }
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
  const worn = new Set([...room.players.values()].filter((other) => other !== who).map(({ attributes }) => attributes.color))
  for (let color = 0; color < MAX_PLAYERS; color++) if (!worn.has(color)) return color
  return 0
}
