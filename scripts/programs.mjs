/**
 * Finds and installs programs that tests need besides npm packages: for chromium.mjs and serf.mjs. Plain Node, because it runs before `npm install` has.
 */
import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Without a network package managers try for very long. */
const INSTALL_MS = 300_000

/** @param {string} file */
export function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/**
 * What an environment variable names, which must then be executable.
 * @param {string} variable
 * @param {string} remedy
 */
export function configuredProgram(variable, remedy) {
  const configured = process.env[variable]
  if (configured === undefined || configured === '') return undefined
  if (isExecutable(configured)) return configured
  throw new Error(`${variable} is ${configured}, which cannot be executed. ${remedy}`)
}

/**
 * Files of these names in the folders of PATH, the first name first.
 * @param {string[]} names
 */
export function candidatesInPath(names) {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
  return names.flatMap((name) => folders.map((folder) => join(folder, name)))
}

/**
 * True if it succeeded.
 * @param {string} label
 * @param {string} command
 * @param {string[]} args
 * @param {Record<string, string>} [extraEnv]
 */
export function runLoudly(label, command, args, extraEnv = {}) {
  console.log(`[${label}] ${command} ${args.join(' ')}`)
  const env = { ...process.env, ...extraEnv }
  return spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'], env, timeout: INSTALL_MS }).status === 0
}

/**
 * Where there are Debian packages, and this process may install them.
 * @param {string} name
 */
export function installDebianPackage(name) {
  const isRoot = process.getuid?.() === 0
  if (!isRoot || !existsSync('/etc/debian_version')) return
  const quiet = { DEBIAN_FRONTEND: 'noninteractive' }
  runLoudly(name, 'apt-get', ['update'], quiet)
  runLoudly(name, 'apt-get', ['install', '-y', name], quiet)
}
