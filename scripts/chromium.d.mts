/** Types of chromium.mjs, which is plain Node because it runs before anything is installed. */

/** Path of a Chromium or Chrome. Throws, saying what to do, if there is none. */
export function chromiumPath(): string
/** The same, after installing one if there was none. */
export function ensureChromium(): string
