/** A link with a bad network before it passes what every link must pass, over one stream and over two lanes. */
import {
  createLinkPair,
  Impairment,
  type ImpairmentOptions,
  impairLink,
  type Link,
  VirtualScheduler,
} from '@tickmesh/shared'
import { type LinkRig, linkConformance, stepUntil } from '../link-conformance.ts'

interface Bad {
  readonly model: ImpairmentOptions
  readonly ordered?: boolean
  /** Which sides are wrapped. */
  readonly sides?: 'a' | 'both'
}

async function impairedRig({ model, ordered = true, sides = 'both' }: Bad): Promise<LinkRig> {
  const scheduler = new VirtualScheduler()
  const pass = (ms: number): void => scheduler.runUntil(scheduler.now() + ms)
  const wrap = (link: Link, out: ImpairmentOptions = model): Link =>
    impairLink(link, scheduler, { out: new Impairment(out), in: new Impairment(model) })
  return {
    maxMessageBytes: 65_536,
    ordered,
    maxBufferedBytes: 9_437_184,
    connect: async () => {
      const [a, b] = createLinkPair(scheduler, { delayMs: 5 }, { delayMs: 5 }, { ordered })
      return { a: wrap(a), b: sides === 'both' ? wrap(b) : b }
    },
    connectToStuckPeer: async () => wrap(createLinkPair(scheduler, {}, {}, { ordered })[0], { bandwidth: 1_000 }),
    until: (condition) => stepUntil(condition, 10_000, () => pass(10)),
    settle: async () => pass(5),
    dispose: async () => {},
  }
}

linkConformance('an impaired link that does nothing', () => impairedRig({ model: {} }))
linkConformance('an impaired link on one side of a bad network', () =>
  impairedRig({
    model: { seed: 7, delayMs: 50, jitterMs: 20, loss: 0.05, lossBurst: 3, reorder: 0.1, duplicate: 0.1 },
    sides: 'a',
  }),
)
linkConformance('an impaired link on both sides of a bad network that freezes', () =>
  impairedRig({ model: { seed: 9, delayMs: 50, jitterMs: 20, loss: 0.05, freezeEveryMs: 200, freezeMs: 100 } }),
)
linkConformance('an impaired link with two lanes', () => impairedRig({ model: { delayMs: 20 }, ordered: false }))
