/** Types of serf.mjs, which is plain Node because it runs before anything is installed. */

/** Path of a Serf agent, if there is one. */
export function findSerf(): string | undefined
/** The same, after an attempt to install one. */
export function ensureSerf(): string | undefined
