// @ts-check
/** Draws the ring of homes: where example rooms lie on it, whose they are, and which share of all homes each member has. */

/** @typedef {import('../src/ops/dashboard/dashboard-state.ts').DashboardState} DashboardState */

const COLOURS = [
  '#38bdf8',
  '#fb7185',
  '#a3e635',
  '#fbbf24',
  '#c084fc',
  '#2dd4bf',
  '#fb923c',
  '#f472b6',
  '#818cf8',
  '#4ade80',
  '#f87171',
  '#facc15',
]

/** @param {number} index -1: not a member any more */
export function colourOf(index) {
  return index < 0 ? '#55607a' : (COLOURS[index % COLOURS.length] ?? '#55607a')
}

/**
 * Which share of the examples is whose.
 * @param {DashboardState['ring']} ring
 */
export function shares(ring) {
  /** @type {Map<string, number>} */
  const all = new Map()
  for (const [, life] of ring) all.set(life, (all.get(life) ?? 0) + 1 / ring.length)
  return all
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {DashboardState} state
 * @param {(life: string) => string} colour
 */
export function drawRing(canvas, { ring, cluster }, colour) {
  const context = canvas.getContext('2d')
  if (context === null) return
  const { width, height } = canvas
  const middle = width / 2
  const radius = middle * 0.82
  context.clearRect(0, 0, width, height)
  context.lineWidth = radius * 0.22
  let before = (ring.at(-1)?.[0] ?? 0) - 1
  for (const [place, life] of ring) {
    context.strokeStyle = colour(life)
    context.beginPath()
    context.arc(middle, middle, radius, angle(before), angle(place))
    context.stroke()
    before = place
  }
  context.textAlign = 'center'
  context.textBaseline = 'middle'
  const members = cluster.views.view?.members ?? []
  const share = shares(ring)
  const step = Math.min(34, (radius * 1.3) / Math.max(1, members.length))
  context.font = `${Math.min(22, step * 0.75)}px system-ui, sans-serif`
  members.forEach(({ name, life, draining }, index) => {
    context.fillStyle = colour(life)
    const percent = Math.round((share.get(life) ?? 0) * 1000) / 10
    const text = `${name}${draining ? ' (draining)' : ''}  ${percent} %`
    context.fillText(text, middle, middle + (index - (members.length - 1) / 2) * step)
  })
}

/** @param {number} place */
function angle(place) {
  return (place - 0.25) * 2 * Math.PI
}
