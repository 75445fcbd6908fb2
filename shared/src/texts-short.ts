/** What production builds (condition `production`, which Vite and webpack set by themselves) take for `#texts`: see `texts-full.ts`. */
export const FULL_TEXTS = false
