#!/usr/bin/env node
/**
 * `npm run check`: everything that can be said about the code without running it. All steps run, also after one failed; the summary at the
 * end names those that failed. A step's own output shows only if it failed.
 */
import { spawn } from 'node:child_process'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const colours =
  process.env.NO_COLOR === undefined && (process.stdout.isTTY === true || process.env.FORCE_COLOR !== undefined)

const steps = [
  { name: 'format and lint (Biome)', command: 'biome check --error-on-warnings' },
  { name: 'types of the packages (tsc)', command: 'turbo run typecheck --continue --output-logs=errors-only' },
  { name: 'types of the scripts (tsc)', command: 'tsc -p tsconfig.json' },
  { name: 'unused code (knip)', command: 'knip' },
  {
    name: 'build and what would be published (publint)',
    command: 'turbo run publint --continue --output-logs=errors-only',
  },
  { name: 'house rules', command: 'node --import tsx scripts/house-rules.ts' },
]

/**
 * @param {number} colour an ANSI code
 * @param {string} text
 */
function paint(colour, text) {
  return colours ? `\u001b[${colour}m${text}\u001b[0m` : text
}

/**
 * Runs one step; resolves with what it printed and whether it succeeded.
 * @param {string} command
 * @returns {Promise<{ passed: boolean, output: string }>}
 */
function run(command) {
  const [program = '', ...args] = command.split(' ')
  const path = [join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter)
  const env = { ...process.env, PATH: path, TURBO_TELEMETRY_DISABLED: '1', ...(colours ? { FORCE_COLOR: '1' } : {}) }
  const child = spawn(program, args, {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32',
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8')
    stream.on('data', (text) => {
      output += text
    })
  }
  return new Promise((resolve) => {
    child.on('error', (error) => resolve({ passed: false, output: `${output}${error.message}\n` }))
    child.on('close', (code) => resolve({ passed: code === 0, output }))
  })
}

const failed = []
for (const { name, command } of steps) {
  if (process.stdout.isTTY) process.stdout.write(paint(2, `… ${name}`))
  const startedAt = Date.now()
  const { passed, output } = await run(command)
  const seconds = paint(2, `${((Date.now() - startedAt) / 1000).toFixed(1)} s`)
  if (process.stdout.isTTY) process.stdout.write('\r\u001b[K')
  console.log(`${passed ? paint(32, '✓') : paint(31, '✗')} ${name} ${seconds}`)
  if (passed) continue
  failed.push(name)
  console.log(`${paint(2, `$ ${command}`)}\n${output.trimEnd()}\n`)
}

if (failed.length === 0) {
  console.log(paint(32, `check: all ${steps.length} steps passed`))
} else {
  console.log(paint(31, `check: ${failed.length} of ${steps.length} steps failed: ${failed.join('; ')}`))
  process.exitCode = 1
}
