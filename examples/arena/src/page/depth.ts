/** What is drawn over what. */
export const depth = {
  floor: 0,
  scorch: 2,
  pickups: 4,
  walls: 8,
  shadows: 10,
  trails: 12,
  rockets: 16,
  fighters: 20,
  bars: 24,
  sparks: 30,
  names: 34,
  debug: 40,
} as const
