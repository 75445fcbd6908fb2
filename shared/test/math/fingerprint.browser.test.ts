/** The deterministic mathematics give equal bits in Node and in Chromium. */
import { build } from 'vite'
import { expect, it } from 'vitest'
import { launchChromium } from '../../../scripts/launch-chromium.ts'
import { mathFingerprint } from './fingerprint.ts'
import { GOLDEN_MATH_FINGERPRINT } from './golden.ts'

/** The fingerprint's code as one script that a page can run. */
async function fingerprintScript(): Promise<string> {
  const entry = new URL('./fingerprint.ts', import.meta.url).pathname
  const built = await build({
    configFile: false,
    logLevel: 'error',
    build: { write: false, lib: { entry, formats: ['iife'], name: 'probe' } },
  })
  const [bundle] = Array.isArray(built) ? built : [built]
  if (bundle === undefined || !('output' in bundle)) throw new Error('vite gave no bundle')
  return bundle.output[0].code
}

it('has the same bits in Chromium as in Node, over a hundred thousand results', async () => {
  const browser = await launchChromium()
  try {
    const page = await browser.newPage()
    await page.addScriptTag({ content: `${await fingerprintScript()}; globalThis.probe = probe` })
    const inChromium: unknown = await page.evaluate('probe.mathFingerprint()')
    expect(inChromium).toBe(GOLDEN_MATH_FINGERPRINT)
    expect(mathFingerprint()).toBe(GOLDEN_MATH_FINGERPRINT)
  } finally {
    await browser.close()
  }
})
