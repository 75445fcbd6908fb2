/**
 * The guard of development: while a step runs, what differs between engines or runs throws instead of drifting in silence.
 * `**` and `new Date` cannot be guarded; documents say so. Called by the simulation around each tick; never in production.
 */
import { NetError } from '../error.ts'

const MATH =
  'sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh exp expm1 log log2 log10 log1p pow hypot cbrt random'
const GUARDED: Readonly<Record<string, readonly string[]>> = {
  Math: MATH.split(' '),
  Date: ['now'],
  performance: ['now'],
  crypto: ['getRandomValues', 'randomUUID'],
}

interface Guarded {
  readonly host: Record<string, unknown>
  readonly name: string
  readonly original: unknown
  /** False if `host` only inherits it. */
  readonly own: boolean
  readonly refusal: () => never
}

function remedyFor(object: string, name: string): string {
  if (name === 'random' || object === 'crypto') return 'Use ctx.random().'
  return object === 'Math' ? `Use ${name} of @tickmesh/shared, if it is there.` : 'Use ctx.tick and ctx.dt.'
}

function refusal(object: string, name: string): () => never {
  const problem = `${object}.${name} was called inside a step, where it may differ between machines.`
  return () => {
    throw new NetError('NON_DETERMINISTIC', problem, remedyFor(object, name))
  }
}

/** Puts refusals in the place of the guarded functions while `run` runs. */
export class DeterminismGuard {
  private readonly guarded: Guarded[] = []

  constructor() {
    const globals = globalThis as unknown as Record<string, Record<string, unknown> | undefined>
    for (const [object, names] of Object.entries(GUARDED)) {
      const host = globals[object]
      for (const name of names) {
        const original = host?.[name]
        if (host === undefined || typeof original !== 'function') continue
        this.guarded.push({ host, name, original, own: Object.hasOwn(host, name), refusal: refusal(object, name) })
      }
    }
  }

  run(work: () => void): void {
    for (const { host, name, refusal: refuse } of this.guarded) host[name] = refuse
    try {
      work()
    } finally {
      for (const { host, name, original, own } of this.guarded) {
        if (own) host[name] = original
        else delete host[name]
      }
    }
  }
}
