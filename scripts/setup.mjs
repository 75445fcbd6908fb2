#!/usr/bin/env node
/**
 * Makes a fresh clone ready: installs the dependencies when they are missing, or belong to another lock file, platform or Node. Every npm
 * script that needs them starts with this; it is plain Node, and takes no time once all is there.
 * `--browser` also sees to a Chromium for the browser tests, `--serf` to a Serf agent for those of gossip.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensureChromium } from './chromium.mjs'
import { ensureSerf } from './serf.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const stampFile = join(root, 'node_modules', '.tickmesh-setup')

/** What the installed dependencies belong to. */
function wantedStamp() {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')
  return `${process.platform} ${process.arch} abi-${process.versions.modules} ${lock}\n`
}

/** The environment without the settings of an outer `npm` that would install something else, or nothing. */
function cleanEnvironment() {
  const unwanted =
    /^npm_config_(omit|include|only|also|production|dev|optional|workspaces?|include_workspace_root|ignore_scripts|global|location|dry_run|package_lock_only|package_lock|prefix)$/i
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !unwanted.test(name.replaceAll('-', '_'))))
}

function install() {
  console.log('[setup] installing the dependencies (the first time takes about half a minute)')
  rmSync(stampFile, { force: true })
  const npm = process.env.npm_execpath?.endsWith('npm-cli.js') ? [process.execPath, process.env.npm_execpath] : ['npm']
  const [command = 'npm', ...first] = npm
  const args = [...first, 'install', '--no-save', '--include=dev', '--include=optional', '--no-fund', '--no-audit']
  const startedAt = Date.now()
  const shell = command === 'npm' && process.platform === 'win32'
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    env: cleanEnvironment(),
    stdio: ['ignore', 'inherit', 'inherit'],
    shell,
  })
  if (status !== 0) {
    throw new Error(
      `\`npm install\` failed (${error?.message ?? `exit ${status}`}). Mend what it says above, then run the same command again.`,
    )
  }
  writeFileSync(stampFile, wantedStamp())
  console.log(`[setup] dependencies installed in ${((Date.now() - startedAt) / 1000).toFixed(1)} s`)
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major < 20 || (major === 20 && minor < 19)) {
    throw new Error(`Node ${process.versions.node} is too old: Tickmesh needs 20.19 or newer (https://nodejs.org).`)
  }
}

try {
  checkNode()
  const isReady = existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wantedStamp()
  if (!isReady) install()
  if (process.argv.includes('--browser')) console.log(`[setup] browser: ${ensureChromium()}`)
  if (process.argv.includes('--serf')) console.log(`[setup] serf: ${ensureSerf() ?? 'none'}`)
} catch (error) {
  console.error(`[setup] ${error instanceof Error ? error.message : error}`)
  process.exitCode = 1
}
