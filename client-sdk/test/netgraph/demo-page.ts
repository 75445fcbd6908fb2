/**
 * A page with a net graph over made-up play, which the browser test of the net graph bundles and opens: quiet for a while, then all that can go wrong.
 */
import { createLinkPair } from '@tickmesh/shared'
import { badNetwork, type GraphedRoom, netGraph } from '../../src/netgraph/index.ts'

const total = {
  lateInputs: 0,
  refusedPresses: 0,
  framesLost: 0,
  frames: 0,
  starvedFrames: 0,
  drawnFrames: 0,
  corrections: 0,
  rollbacks: 0,
  stalls: 0,
  checkFailures: 0,
  predictedTick: 0,
}
const inByKind = { snapshots: 0, control: 0 }
const outByKind = { inputs: 0, control: 0 }
let lastCorrection = 0
let drawnMs = 0

/** Play that gets worse for one second of every four. */
function stats(): GraphedRoom['stats'] {
  const nowMs = performance.now()
  const passed = Math.min(100, nowMs - drawnMs) / 1000
  drawnMs = nowMs
  const bad = nowMs % 4000 > 2200 && nowMs % 4000 < 3200
  const wave = Math.sin(nowMs / 900)
  const happens = (perSecond: number) => (Math.random() < perSecond * passed ? 1 : 0)
  total.frames += happens(20)
  total.drawnFrames++
  total.predictedTick += 60 * passed
  total.rollbacks += happens(20)
  inByKind.snapshots += (bad ? 3400 : 2100) * passed
  inByKind.control += (bad ? 600 : 120) * passed
  outByKind.inputs += 1700 * passed
  outByKind.control += 90 * passed
  if (bad) {
    total.lateInputs += happens(9)
    total.framesLost += happens(4)
    total.starvedFrames += happens(8)
    const corrected = happens(6)
    total.corrections += corrected
    if (corrected > 0) lastCorrection = 1 + Math.random() * 9
  }
  return {
    ...total,
    lastCorrection,
    rttMs: 44,
    lastRttMs: 46 + Math.random() * (bad ? 60 : 6),
    jitterMs: bad ? 14 : 2.1,
    lossPct: bad ? 2.4 : 0.2,
    leadMs: (bad ? 62 : 40) + wave * 3,
    marginMs: bad ? -6 + Math.random() * 12 : 7 + wave * 3,
    interpolationDelayMs: 82 + wave * 9,
    snapshotLatenessMs: 24 + Math.random() * (bad ? 70 : 8),
    serverTickLateMs: 0.3 + Math.random() * (bad ? 7 : 0.6),
    serverOverload: bad && nowMs % 4000 > 3000 ? 1 : 0,
    bytesInByKind: inByKind,
    bytesOutByKind: outByKind,
  } as unknown as GraphedRoom['stats']
}

const network = badNetwork({ delayMs: 40 })
const ordered = !location.search.includes('datagrams')
network.wrapLink(createLinkPair({ now: () => 0, at: () => () => {} }, {}, {}, { ordered })[0], {
  now: () => performance.now(),
  at: () => () => {},
})
const room = {
  open: true,
  get stats() {
    return stats()
  },
}
const graph = netGraph(room, location.search.includes('plain') ? {} : { network })
Object.assign(window, { graph, network, room })
