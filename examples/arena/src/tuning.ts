/** The numbers that make the arena feel as it does. Times in ticks of 1/60 s, lengths in world units. Used by game.ts, rules.ts, the bots and the page. */
export const TICK_RATE = 60
export const SNAPSHOT_RATE = 20
export const MAX_PLAYERS = 16

export const player = {
  radius: 18,
  hp: 100,
  /** Units/s². With the drag it gives a top speed of 290 units/s. */
  acceleration: 2320,
  /** Share of the velocity lost per second. */
  drag: 8,
  /** Slower than this without input is standing still, units/s. */
  restSpeed: 6,
  /** After a spawn nothing hurts for this long, or until the first shot. */
  shieldTicks: 90,
  respawnMs: 2500,
} as const

export const rifle = {
  damage: 11,
  cooldownTicks: 7,
  magazine: 24,
  reloadTicks: 70,
  range: 1100,
} as const

export const rocket = {
  radius: 7,
  speed: 640,
  lifeTicks: 130,
  cooldownTicks: 54,
  /** Damage in the middle of the blast; it falls to `edgeDamage` at `blastRadius`. */
  damage: 70,
  edgeDamage: 12,
  blastRadius: 120,
  /** Own rockets hurt by this share. */
  ownShare: 0.5,
} as const

export const dash = { speed: 1080, cooldownTicks: 84 } as const

export const pickup = { radius: 16, heal: 40, returnMs: 9000 } as const

/** From the middle of a player to the end of its barrel. */
export const MUZZLE = 26
