/**
 * Three kinds of tests, by file name, in this order: pure ones side by side; `*.sockets.test.ts` in processes of their own; `*.browser.test.ts` one
 * file after another, because each drives a Chromium.
 */
import { defaultServerConditions } from 'vite'
import { configDefaults, defineConfig } from 'vitest/config'

const sockets = '**/test/**/*.sockets.test.ts'
const browser = '**/test/**/*.browser.test.ts'
// Packages run from their sources. Vitest reads the conditions for Node code here, not under `resolve`.
const ssr = { resolve: { conditions: ['source', ...defaultServerConditions] } }

export default defineConfig({
  test: {
    reporters: ['default', './scripts/tally-reporter.ts'],
    projects: [
      {
        ssr,
        test: {
          name: 'unit',
          include: ['**/test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, sockets, browser],
          typecheck: { enabled: true, include: ['*/test/**/*.test-d.ts'], tsconfig: 'shared/tsconfig.test.json' },
          testTimeout: 60_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        ssr,
        test: {
          name: 'sockets',
          include: [sockets],
          pool: 'forks',
          testTimeout: 30_000,
          hookTimeout: 30_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        ssr,
        test: {
          name: 'browser',
          include: [browser],
          pool: 'forks',
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
