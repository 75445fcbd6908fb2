/** Every colour of the arena, once. Numbers for Phaser; `css` for the page and for canvas textures. */
export const palette = {
  void: 0x05070d,
  floor: 0x0e1528,
  floorLight: 0x17213f,
  grid: 0x223056,
  marking: 0x3b5296,
  bandLeft: 0x2dd4bf,
  bandRight: 0xd946ef,
  wallTop: 0x222c52,
  wallTopLight: 0x303d6e,
  wallEdge: 0x7c9aff,
  wallSide: 0x0d1328,
  steel: 0x9fb0d8,
  ink: 0x0a0e1a,
  text: 0xe9effd,
  accent: 0x5eead4,
  danger: 0xff4d6d,
  warning: 0xffb454,
  heal: 0x4ade80,
  tracer: 0xffd98a,
  fire: 0xff8a3d,
  fireCore: 0xffe3a3,
  server: 0xff4fd8,
  rewound: 0xffe14f,
  drawn: 0x5eead4,
} as const

/** One per seat: told apart at a glance on the dark floor. */
const playerColors: readonly number[] = [
  0x38bdf8, 0xfb7185, 0xa3e635, 0xfbbf24, 0xc084fc, 0x2dd4bf, 0xfb923c, 0xf472b6, 0x818cf8, 0x4ade80, 0xf87171,
  0x22d3ee, 0xfacc15, 0xe879f9, 0x60a5fa, 0x34d399,
]

export function playerColor(index: number): number {
  return playerColors[index % playerColors.length] ?? palette.steel
}

export function css(color: number, alpha = 1): string {
  return `rgba(${color >> 16}, ${(color >> 8) & 255}, ${color & 255}, ${alpha})`
}

/** `share` of the way from one colour to another. */
export function mix(from: number, to: number, share: number): number {
  const channel = (shift: number) =>
    Math.round(((from >> shift) & 255) * (1 - share) + ((to >> shift) & 255) * share) << shift
  return channel(16) | channel(8) | channel(0)
}
