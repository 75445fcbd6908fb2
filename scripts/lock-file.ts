/**
 * What the lock file must hold so that `npm ci` works for everybody: the dependencies that the package.json files name, no address of a
 * registry, and an entry for the native binary of every platform. A registry mirror may lack the binaries of platforms that its users do
 * not have, and npm then leaves them out: `npm run lock` writes them back. Used by the house rules.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

type Dependencies = Record<string, string>

interface LockEntry {
  readonly version?: string
  readonly dev?: boolean
  readonly link?: boolean
  readonly resolved?: string
  readonly dependencies?: Dependencies
  readonly devDependencies?: Dependencies
  readonly optionalDependencies?: Dependencies
}

interface LockFile {
  packages: Record<string, LockEntry>
}

interface MissingBinary {
  readonly key: string
  readonly version: string
  readonly dev: boolean
}

/** Spellings of npm's names for operating systems and processors in the names of packages. */
const systems = {
  android: 'android',
  darwin: 'darwin',
  freebsd: 'freebsd',
  linux: 'linux',
  openharmony: 'openharmony',
  win32: 'win32',
  windows: 'win32',
}
const processors = {
  arm64: 'arm64',
  x64: 'x64',
  64: 'x64',
  ia32: 'ia32',
  arm: 'arm',
  ppc64: 'ppc64',
  riscv64: 'riscv64',
  s390x: 's390x',
}

function readLock(root: string): LockFile {
  return JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
}

/** Optional dependencies of exact version that have no entry. */
function missingBinaries({ packages }: LockFile): MissingBinary[] {
  const missing: MissingBinary[] = []
  for (const [home, entry] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      const isThere = `node_modules/${name}` in packages || `${home}/node_modules/${name}` in packages
      if (!isThere && /^\d/.test(version))
        missing.push({ key: `node_modules/${name}`, version, dev: entry.dev === true })
    }
  }
  return missing
}

/** The entry for a binary that the registry does not know: where it fits is read off its name. Undefined if the name does not say. */
function entryFor({ key, version, dev }: MissingBinary): object | undefined {
  const words = key.slice(key.lastIndexOf('/') + 1).split('-')
  const find = (table: Record<string, string>) => words.map((word) => table[word]).find((value) => value !== undefined)
  const os = find(systems)
  const cpu = words.some((word) => /^(musl|gnu)?eabi(hf)?$|^(gnu|musl)eabihf$/.test(word)) ? 'arm' : find(processors)
  if (os === undefined || cpu === undefined) return undefined
  const libc = words.some((word) => word.startsWith('musl'))
    ? 'musl'
    : words.some((word) => word.startsWith('gnu'))
      ? 'glibc'
      : undefined
  return {
    version,
    cpu: [cpu],
    ...(dev ? { dev } : {}),
    ...(libc === undefined ? {} : { libc: [libc] }),
    optional: true,
    os: [os],
  }
}

/** Dependencies that a package.json and the lock file name differently. */
function drift(root: string, { packages }: LockFile): string[] {
  const homes = Object.keys(packages).filter((key) => !key.includes('node_modules'))
  return homes.flatMap((home) => {
    const manifest: LockEntry = JSON.parse(readFileSync(join(root, home, 'package.json'), 'utf8'))
    const named = (entry: LockEntry | undefined) =>
      [entry?.dependencies, entry?.devDependencies, entry?.optionalDependencies].map((group) =>
        Object.entries(group ?? {})
          .map(([name, range]) => `${name}@${range}`)
          .sort()
          .join(' '),
      )
    const isEqual = JSON.stringify(named(manifest)) === JSON.stringify(named(packages[home]))
    return isEqual ? [] : [`package-lock.json lags behind ${join(home, 'package.json')}: run npm run lock`]
  })
}

/** What is wrong with the lock file under `root`. */
export function lockViolations(root: string): string[] {
  const lock = readLock(root)
  const addresses = Object.entries(lock.packages).filter(
    ([, { resolved, link }]) => resolved !== undefined && link !== true,
  )
  const missing = missingBinaries(lock).filter((binary) => entryFor(binary) !== undefined)
  return [
    ...drift(root, lock),
    ...addresses.map(([key]) => `package-lock.json names a registry for ${key}: see .npmrc`),
    ...missing.map(({ key }) => `package-lock.json lacks ${key}: run npm run lock`),
  ]
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = fileURLToPath(new URL('..', import.meta.url))
  const lock = readLock(root)
  for (const binary of missingBinaries(lock)) {
    const entry = entryFor(binary)
    if (entry === undefined) console.log(`left out, since its name says no platform: ${binary.key}`)
    else lock.packages[binary.key] = entry
  }
  lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)))
  writeFileSync(join(root, 'package-lock.json'), `${JSON.stringify(lock, null, 2)}\n`)
}
