/** A picture of a report for the documents, taken with the machine's Chromium. Called by the report command. */
import { pathToFileURL } from 'node:url'
import { chromium } from 'playwright-core'

const VIEWPORT = { width: 1280, height: 1000 }
/** A document shows a sample of the report: some of the figures, one run, and where the latency goes. */
const FIGURES = ['lateInputs', 'starvation', 'interpolationDelay']
const ABRIDGED = `
nav, .hint, label, details, #percentiles, #quality h3, .whole-grid { display: none }
.figure:not(${FIGURES.map((id) => `#figure-${id}`).join(', ')}) { display: none }
h2 { margin-top: 44px }
.figure { margin-top: 20px }`

/** Writes a PNG of the report, abridged, in light colours. Throws if there is no Chromium. */
export async function takePicture(report: string, picture: string): Promise<void> {
  const finder = new URL('../../../scripts/chromium.mjs', import.meta.url)
  const { chromiumPath } = (await import(finder.href)) as { chromiumPath(): string }
  const args = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking']
  const browser = await chromium.launch({ executablePath: chromiumPath(), args })
  try {
    const page = await browser.newPage({ viewport: VIEWPORT, colorScheme: 'light' })
    await page.goto(pathToFileURL(report).href)
    await page.waitForSelector('html[data-ready]')
    await page.addStyleTag({ content: ABRIDGED })
    await page.screenshot({ path: picture, fullPage: true })
  } finally {
    await browser.close()
  }
}
