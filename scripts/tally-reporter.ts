/**
 * Prints `tests: N passed, N failed, N skipped` as the very last line of a test run, for people and for `.ci/run`.
 * A file that cannot be loaded and an error outside every test count as failed; a run in which nothing ran fails.
 */
import type { SerializedError } from 'vitest'
import type { Reporter, TestModule } from 'vitest/node'

interface Tally {
  passed: number
  failed: number
  skipped: number
}

function addModule(tally: Tally, module: TestModule): void {
  const failedBefore = tally.failed
  for (const test of module.children.allTests()) {
    const { state } = test.result()
    tally[state === 'pending' ? 'skipped' : state]++
  }
  // The file failed and none of its tests did: an import or a hook threw.
  if (module.state() === 'failed' && tally.failed === failedBefore) tally.failed++
}

export default class TallyReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    const tally: Tally = { passed: 0, failed: unhandledErrors.length, skipped: 0 }
    for (const module of modules) addModule(tally, module)
    if (tally.passed + tally.failed === 0) process.exitCode = 1
    const line = `tests: ${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped\n`
    process.once('exit', () => process.stdout.write(line))
  }
}
