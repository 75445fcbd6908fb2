// @ts-check
/** Small plots of the last ten minutes, by uPlot. */
import uPlot from '/dashboard/uplot.js'

/** @typedef {import('../src/ops/dashboard/dashboard-state.ts').Sample} Sample */

/** @type {{ title: string, lines: { of: (sample: Sample) => number, colour: string }[] }[]} */
const PLOTS = [
  {
    title: 'players (blue), rooms (green) on this shard',
    lines: [
      { of: (s) => s.players, colour: '#38bdf8' },
      { of: (s) => s.rooms, colour: '#4ade80' },
    ],
  },
  { title: 'ticks a second', lines: [{ of: (s) => s.ticks, colour: '#c084fc' }] },
  { title: 'tick lateness p99, ms', lines: [{ of: (s) => s.tickLatenessP99Ms, colour: '#fbbf24' }] },
  { title: 'lease left, ms', lines: [{ of: (s) => s.leaseLeftMs, colour: '#4ade80' }] },
  { title: 'gossip packets a second', lines: [{ of: (s) => s.gossipPackets, colour: '#2dd4bf' }] },
  { title: 'gossip bytes a second', lines: [{ of: (s) => s.gossipBytes, colour: '#fb923c' }] },
  {
    title: 'clock offset (blue), error (red), ms',
    lines: [
      { of: (s) => s.clockOffsetMs, colour: '#7db8ff' },
      { of: (s) => s.clockErrorMs, colour: '#fb7185' },
    ],
  },
]
const HEIGHT = 118
const AXIS = {
  stroke: '#93a0ba',
  grid: { stroke: 'rgba(150, 166, 205, 0.12)', width: 1 },
  ticks: { show: false },
  font: '11px system-ui',
  size: 42,
}

export class Plots {
  /** @param {HTMLElement} parent */
  constructor(parent) {
    this.plots = PLOTS.map(({ title, lines }) => {
      const place = document.createElement('div')
      parent.append(place)
      const options = {
        title,
        width: 300,
        height: HEIGHT,
        cursor: { show: false },
        axes: [{ ...AXIS, size: 22 }, AXIS],
        series: [{}, ...lines.map(({ colour }) => ({ stroke: colour, width: 1.5, points: { show: false } }))],
      }
      return { plot: new uPlot(options, [[], ...lines.map(() => [])], place), place, lines }
    })
  }

  /** @param {readonly Sample[]} samples */
  show(samples) {
    const times = samples.map(({ atMs }) => atMs / 1000)
    for (const { plot, place, lines } of this.plots) {
      const width = place.clientWidth
      if (width > 0 && width !== plot.width) plot.setSize({ width, height: HEIGHT })
      plot.setData([times, ...lines.map(({ of }) => samples.map((sample) => finite(of(sample))))])
    }
  }
}

/** JSON has no infinity. @param {number | null} value */
function finite(value) {
  return value === null || !Number.isFinite(value) ? null : value
}
