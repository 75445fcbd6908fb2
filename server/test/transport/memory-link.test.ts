/** The in-memory link passes what every link must pass, on a perfect and on a bad network. */
import { createLinkPair, type ImpairmentOptions, VirtualScheduler } from '@tickmesh/shared'
import { type LinkRig, linkConformance, stepUntil } from '../link-conformance.ts'

async function memoryRig(model: ImpairmentOptions, ordered: boolean): Promise<LinkRig> {
  const scheduler = new VirtualScheduler()
  const pass = (ms: number): void => scheduler.runUntil(scheduler.now() + ms)
  return {
    maxMessageBytes: 65_536,
    ordered,
    connect: async () => {
      const [a, b] = createLinkPair(scheduler, model, model, { ordered })
      return { a, b }
    },
    connectToStuckPeer: async () => createLinkPair(scheduler, { ...model, bandwidth: 1_000 }, {}, { ordered })[0],
    until: (condition) => stepUntil(condition, 10_000, () => pass(10)),
    settle: async () => pass(5),
    dispose: async () => {},
  }
}

linkConformance('a memory link on a perfect network', () => memoryRig({}, true))
linkConformance('a memory link on a bad network', () =>
  memoryRig(
    { seed: 7, delayMs: 50, jitterMs: 20, loss: 0.05, lossBurst: 3, reorder: 0.1, reorderMs: 30, duplicate: 0.1 },
    true,
  ),
)
linkConformance('a memory link with two lanes', () => memoryRig({ delayMs: 20 }, false))
