/**
 * Whether errors say all that they know. Taken for `#texts` everywhere but in production builds: there `texts-short.ts` is. A constant, so that a minifier drops
 * what is behind it. Only for mistakes in a definition, which show wherever it is run: whatever depends on players or the network always says all.
 */
export const FULL_TEXTS = true
