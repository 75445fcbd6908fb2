/** Drives a Chromium and an example's own process, as a player would have them. Used by the examples' browser tests. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'

const repository = new URL('../../../', import.meta.url)

/** An example that runs as it does for its users. */
export class Example {
  readonly url: string
  private readonly child: ChildProcess

  private constructor(child: ChildProcess, url: string) {
    this.child = child
    this.url = url
  }

  /** Starts `examples/<script>` and waits until it has printed its address. */
  static async start(
    script: string,
    args: readonly string[] = [],
    env: Readonly<Record<string, string>> = {},
  ): Promise<Example> {
    const path = fileURLToPath(new URL(`examples/${script}`, repository))
    const child = spawn(process.execPath, ['--conditions=source', '--import', 'tsx', path, ...args], {
      cwd: fileURLToPath(repository),
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let printed = ''
    const url = await new Promise<string>((resolve, reject) => {
      const take = (chunk: Buffer) => {
        printed += chunk.toString()
        const found = /http:\/\/localhost:\d+/.exec(printed)
        if (found !== null) resolve(found[0])
      }
      child.stdout?.on('data', take)
      child.stderr?.on('data', take)
      child.once('exit', (code) => reject(new Error(`${script} ended with ${code} before it listened:\n${printed}`)))
    })
    return new Example(child, url)
  }

  /** As Ctrl-C does; gives the exit code. */
  async stop(): Promise<number | null> {
    if (this.child.exitCode !== null) return this.child.exitCode
    const gone = once(this.child, 'exit')
    this.child.kill('SIGINT')
    const [code] = await gone
    return code
  }
}

/** Keeps a picture of a page under test-output/. */
export async function keepScreenshot(page: Page, name: string): Promise<void> {
  const folder = fileURLToPath(new URL('test-output/', repository))
  mkdirSync(folder, { recursive: true })
  await page.screenshot({ path: `${folder}${name}.png` })
}
