/** A page that joins the server it came from, over the link that its query names, steers to the right, and shows how that goes. */
import { join, type LinkChoice } from '@tickmesh/client'
import { duel } from '../../src/lab/duel.ts'

const query = new URLSearchParams(location.search)
const startedMs = performance.now()
const url = query.get('url') ?? `ws://${location.host}/tickmesh`
const room = await join(duel, url, {
  link: (query.get('link') ?? 'auto') as LinkChoice,
  sample: () => ({ move: { x: 1, y: 0 } }),
})
room.onClose(({ code }) => {
  document.body.dataset.closed = code
})
document.body.dataset.tookMs = String(performance.now() - startedMs)
setInterval(() => {
  document.body.dataset.stats = JSON.stringify(room.stats)
}, 50)
