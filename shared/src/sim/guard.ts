/**
 * The guard of development: while a step runs, what differs between engines or runs throws instead of drifting in silence.
 * `**` cannot be guarded; documents say so. Called by the simulation around each tick; never in production.
 */
import { NetError } from '../error.ts'

const GUARDED: Readonly<Record<string, readonly string[]>> = {
  Math: ['sin', 'cos', 'tan', 'asin', 'acos', 'atan', 'atan2', 'sinh', 'cosh', 'tanh', 'asinh', 'acosh', 'atanh', 'exp', 'expm1', 'log', 'log2', 'log10', 'log1p', 'pow', 'hypot', 'cbrt', 'random'],
  Date: ['now'],
  performance: ['now'],
  crypto: ['getRandomValues', 'randomUUID'],
}

interface Guarded {
  readonly host: Record<string, unknown>
  readonly name: string
  readonly original: unknown
  readonly refusal: () => never
}

function refusal(object: string, name: string): () => never {
  const instead = name === 'random' || object === 'crypto' ? 'Use ctx.random().' : object === 'Math' ? `Use ${name} of @tickmesh/shared.` : 'Use ctx.tick and ctx.dt.'
  return () => {
    throw new NetError('NON_DETERMINISTIC', `${object}.${name} was called inside a step, where it may differ between machines.`, instead)
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
        if (host !== undefined && typeof host[name] === 'function') this.guarded.push({ host, name, original: host[name], refusal: refusal(object, name) })
      }
    }
  }

  run(work: () => void): void {
    for (const { host, name, refusal: refuse } of this.guarded) host[name] = refuse
    try {
      work()
    } finally {
      for (const { host, name, original } of this.guarded) host[name] = original
    }
  }
}
