#!/usr/bin/env node
/**
 * Finds a Chromium for the browser tests, and installs one if the machine has none. `setup.mjs --browser` calls it before the tests;
 * the tests ask `chromiumPath()`. Plain Node, because it runs before `npm install` has.
 * Never ends without a path: it throws, and the message says what to do.
 */
import { existsSync, readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { candidatesInPath, configuredProgram, installDebianPackage, isExecutable, runLoudly } from './programs.mjs'

const names = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome']
const macApps = [
  'Chromium.app/Contents/MacOS/Chromium',
  'Google Chrome.app/Contents/MacOS/Google Chrome',
  'Google Chrome for Testing.app/Contents/MacOS/Google Chrome for Testing',
]
const remedy = 'Install Chromium or Chrome, or set CHROMIUM_PATH to the executable.'

/** Where Playwright keeps the browsers that it downloads. */
function playwrightCache() {
  const configured = process.env.PLAYWRIGHT_BROWSERS_PATH
  if (configured !== undefined && configured !== '' && configured !== '0') return configured
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'ms-playwright')
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'ms-playwright')
}

/** The newest Chromium in Playwright's cache. */
function playwrightChromium() {
  const cache = playwrightCache()
  if (!existsSync(cache)) return undefined
  const revision = (/** @type {string} */ name) => Number(name.slice(name.lastIndexOf('-') + 1))
  const installed = readdirSync(cache).filter((name) => /^chromium(_headless_shell)?-\d+$/.test(name))
  installed.sort((a, b) => revision(b) - revision(a))
  for (const name of installed) {
    for (const folder of readdirSync(join(cache, name))) {
      for (const program of ['chrome', 'headless_shell', 'chrome-headless-shell', ...macApps]) {
        const file = join(cache, name, folder, program)
        if (isExecutable(file)) return file
      }
    }
  }
  return undefined
}

function findChromium() {
  const configured = configuredProgram('CHROMIUM_PATH', remedy)
  if (configured !== undefined) return configured
  const candidates = candidatesInPath(names)
  if (process.platform === 'darwin') candidates.push(...macApps.map((app) => join('/Applications', app)))
  return candidates.find(isExecutable) ?? playwrightChromium()
}

/**
 * The path of a Chromium on this machine.
 * @returns {string}
 */
export function chromiumPath() {
  const found = findChromium()
  if (found === undefined) throw new Error(`no Chromium found. Run \`node scripts/chromium.mjs\`. ${remedy}`)
  return found
}

/** Playwright's own Chromium; needs `npm install` to have run. */
function installWithPlaywright() {
  const cli = fileURLToPath(new URL('../node_modules/playwright-core/cli.js', import.meta.url))
  if (existsSync(cli)) runLoudly('chromium', process.execPath, [cli, 'install', 'chromium'])
}

/**
 * As `chromiumPath`, after installing one where there is none.
 * @returns {string}
 */
export function ensureChromium() {
  if (findChromium() !== undefined) return chromiumPath()
  console.log('[chromium] none found; installing one for the browser tests (some 100 MB)')
  for (const install of [() => installDebianPackage('chromium'), installWithPlaywright]) {
    install()
    const installed = findChromium()
    if (installed !== undefined) return installed
  }
  throw new Error(`no Chromium found, and none could be installed. ${remedy}`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    console.log(ensureChromium())
  } catch (error) {
    console.error(`[chromium] ${error instanceof Error ? error.message : error}`)
    process.exitCode = 1
  }
}
