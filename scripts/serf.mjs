#!/usr/bin/env node
/**
 * Finds HashiCorp's `serf`, which the tests of the cluster's gossip join for real, and installs it if the machine has none. `setup.mjs --serf` calls it
 * before the tests; the tests ask `findSerf()`, and are skipped, and counted so, where there is none and none can be installed. Plain Node, because it runs
 * before `npm install` has.
 */
import { fileURLToPath } from 'node:url'
import { candidatesInPath, configuredProgram, installDebianPackage, isExecutable } from './programs.mjs'

const remedy = 'Install it (`apt-get install -y serf` on Debian and Ubuntu), or set SERF_PATH to the executable.'

/**
 * The path of a Serf on this machine, if it has one.
 * @returns {string | undefined}
 */
export function findSerf() {
  return configuredProgram('SERF_PATH', remedy) ?? candidatesInPath(['serf']).find(isExecutable)
}

/**
 * The same, after an attempt to install one. Says what to do if that fails, too.
 * @returns {string | undefined}
 */
export function ensureSerf() {
  const found = findSerf()
  if (found !== undefined) return found
  console.log('[serf] none found; installing one for the tests of gossip')
  installDebianPackage('serf')
  const installed = findSerf()
  if (installed === undefined) console.error(`[serf] none: the tests beside a real Serf will be skipped. ${remedy}`)
  return installed
}

if (process.argv[1] === fileURLToPath(import.meta.url) && ensureSerf() === undefined) process.exitCode = 1
