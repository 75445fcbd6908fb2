/** Starts a Chromium for tests: the one of this machine, quiet, without a sandbox (which root needs), drawing in software. */
import { type Browser, chromium } from 'playwright-core'
import { chromiumPath } from './chromium.mjs'

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export function launchChromium(...more: readonly string[]): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath(), args: [...FLAGS, ...more] })
}
