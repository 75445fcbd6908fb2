/**
 * The house rules that no linter knows, run by `npm run check`. Each rule gets the files that git knows or would add, and returns its violations
 * as `file:line what`. The rules and their reasons are in CONTRIBUTING.md.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { lockViolations } from './lock-file.ts'

interface SourceFile {
  readonly path: string
  readonly lines: readonly string[]
}

interface Rule {
  readonly name: string
  readonly check: (files: readonly SourceFile[]) => readonly string[]
}

const root = fileURLToPath(new URL('..', import.meta.url))
const maxFileLines = 400

/** Folders whose code gets time, timers, randomness and sockets passed in. */
const pureFolders =
  /^(shared\/src|server\/src\/(tick|room|interest|cluster\/(swim|view|ring|lobby|clock|calls|match|node|standby|migrate|hosting)))\//
const sources = /^(shared|server|client-sdk|bench|examples\/[^/]+)\/src\/.*\.ts$/
const forbiddenInPure =
  /\bDate\.now\b|\bnew Date\b|\bperformance\.now\b|\bMath\.random\b|\b(set(Timeout|Interval|Immediate)|queueMicrotask)\(|\bconsole\./
const switchedOff = /@ts-(ignore|nocheck|expect-error)|biome-ignore|\bas any\b/
const machinePaths = /(?<![\w.])\/(work|root|home\/\w+)\/|(?<![\w.])\/tmp\/\w/
const registryHosts = /\bregistry\.[a-z0-9-]+\.[a-z]|\/\/[^/\s]*:4873\b/i
const namelessRooms = /(^|\/)(utils?|helpers?|common|misc)(\/|\.)/i

/** Which package may import which; tests may import what their package may. */
const arrows: Record<string, readonly string[]> = {
  shared: [],
  server: ['shared'],
  'client-sdk': ['shared'],
}

function outputOf(program: string, args: readonly string[]): string {
  return spawnSync(program, args, { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 }).stdout ?? ''
}

/** Text files that git tracks or would add. */
function readFiles(): SourceFile[] {
  const paths = outputOf('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard']).split('\0')
  const files: SourceFile[] = []
  for (const path of paths) {
    if (path === '' || !existsSync(join(root, path))) continue
    const text = readFileSync(join(root, path), 'utf8')
    if (!text.includes('\0')) files.push({ path, lines: text.split('\n') })
  }
  return files
}

/** The lines with comments blanked, so that prose may name what code may not use. Strings stay. */
function codeLines(file: SourceFile): string[] {
  const blank = (comment: string) => comment.replaceAll(/[^\n]/g, ' ')
  return file.lines
    .join('\n')
    .replaceAll(/\/\*[\s\S]*?\*\//g, blank)
    .replaceAll(/(?<![:'"`\\])\/\/.*/g, blank)
    .split('\n')
}

/** `file:line` of every line that matches. */
function matches(file: SourceFile, lines: readonly string[], pattern: RegExp): string[] {
  return lines.flatMap((line, index) => {
    const found = pattern.exec(line)
    return found === null ? [] : [`${file.path}:${index + 1} ${found[0].trim()}`]
  })
}

function wrongImports(file: SourceFile): string[] {
  const [home = ''] = file.path.split('/')
  const allowed = arrows[home]
  if (allowed === undefined || !file.path.startsWith(`${home}/src/`)) return []
  const packages = { shared: '@tickmesh/shared', server: '@tickmesh/server', 'client-sdk': '@tickmesh/client' }
  const forbidden = Object.entries(packages).filter(([folder]) => !allowed.includes(folder))
  return forbidden.flatMap(([folder, name]) =>
    matches(file, codeLines(file), new RegExp(`from '(${name}|(\\.\\./)+${folder}/)[^']*'`)),
  )
}

/** An impure file imported by a pure one would bring Node's types along, and pass. Errors of types are not this rule's. */
function nodeTypesInPureCode(): string[] {
  return ['shared/tsconfig.json', 'server/tsconfig.pure.json'].flatMap((project) => {
    const listed = outputOf(process.execPath, ['node_modules/typescript/bin/tsc', '-p', project, '--listFilesOnly'])
    if (!listed.includes('/src/')) return [`${project} takes in no source: ${listed.trim()}`]
    const foreign = listed.split('\n').find((line) => line.includes('/@types/'))
    return foreign === undefined ? [] : [`${project} takes in ${foreign}: a pure file imports an impure one`]
  })
}

const rules: readonly Rule[] = [
  {
    name: 'pure code reads no clock, timer, randomness or console',
    check: (files) =>
      files
        .filter(({ path }) => pureFolders.test(path))
        .flatMap((file) => matches(file, codeLines(file), forbiddenInPure)),
  },
  {
    name: 'pure code has no mutable state at module level',
    check: (files) =>
      files
        .filter(({ path }) => pureFolders.test(path))
        .flatMap((file) => matches(file, file.lines, /^(export )?(let|var) \w+/)),
  },
  { name: 'pure code compiles without the types of Node', check: nodeTypesInPureCode },
  {
    name: 'types and lint rules are never switched off in sources',
    check: (files) =>
      files.filter(({ path }) => sources.test(path)).flatMap((file) => matches(file, file.lines, switchedOff)),
  },
  {
    name: 'no path or registry of one machine',
    check: (files) =>
      files.flatMap((file) => [
        ...matches(file, file.lines, machinePaths),
        ...matches(file, file.lines, registryHosts),
      ]),
  },
  {
    name: `no source over ${maxFileLines} lines`,
    check: (files) =>
      files
        .filter(({ path, lines }) => sources.test(path) && lines.length > maxFileLines + 1)
        .map(({ path, lines }) => `${path} has ${lines.length - 1}`),
  },
  {
    name: 'every file has a name of its own',
    check: (files) => files.map(({ path }) => path).filter((path) => namelessRooms.test(path)),
  },
  {
    name: 'server and client-sdk import only shared, shared imports neither',
    check: (files) => files.flatMap(wrongImports),
  },
  { name: 'the lock file fits the packages, every platform and any registry', check: () => lockViolations(root) },
]

const files = readFiles()
if (files.length === 0) throw new Error('git lists no files: run this in a clone')
let violationCount = 0
for (const { name, check } of rules) {
  const violations = check(files)
  violationCount += violations.length
  console.log(`${violations.length === 0 ? '✓' : '✗'} ${name}`)
  for (const violation of violations) console.log(`    ${violation}`)
}
if (violationCount > 0) process.exitCode = 1
