// @ts-check
/**
 * The dashboard's page: asks its shard twice a second for the state of the cluster (server/src/ops/dashboard/dashboard-state.ts), and shows it. If a token is
 * wanted, it is asked for once, and kept for this tab.
 */
import { colourOf, drawRing } from '/dashboard/draw-ring.js'
import { Plots } from '/dashboard/plots.js'
import {
  clockRows,
  eventRows,
  fill,
  journeyRows,
  memberRows,
  roomRows,
  standbyRows,
  viewName,
  viewRows,
} from '/dashboard/tables.js'

/** @typedef {import('../src/ops/dashboard/dashboard-state.ts').DashboardState} DashboardState */

const EVERY_MS = 500
const TOKEN = 'tickmesh-dashboard-token'

/** @param {string} id */
function find(id) {
  const element = document.getElementById(id)
  if (element === null) throw new Error(`the page has no ${id}`)
  return element
}

const plots = new Plots(find('plots'))

/** @param {DashboardState} state */
function show(state) {
  const { cluster } = state
  const { views } = cluster
  find('cluster').textContent = `${cluster.cluster} · ${cluster.name}`
  const lives = (views.view?.members ?? []).map(({ life }) => life)
  /** @param {string} life */
  const colour = (life) => colourOf(lives.indexOf(life))
  fill(find('members'), memberRows(state, colour))
  fill(find('rooms'), roomRows(state))
  fill(find('standby'), standbyRows(state))
  fill(find('journeys'), journeyRows(state))
  fill(find('views'), viewRows(state))
  fill(find('clock'), clockRows(state))
  fill(find('events'), eventRows(state))
  find('room-count').textContent = `${state.roomCount} in the cluster`
  const { takenOver, replayMaxMs } = state.hosting
  find('hosting').textContent =
    takenOver === 0 ? '' : `${takenOver} taken over here, replayed in ${replayMaxMs.toFixed(1)} ms at most`
  const { bytesSent, bytesReceived, replaced, diverged } = cluster.standby
  const megabytes = (/** @type {number} */ bytes) => `${(bytes / 1e6).toFixed(1)} MB`
  find('standby-count').textContent =
    `${megabytes(bytesSent)} sent, ${megabytes(bytesReceived)} received, ${replaced} slow holders replaced, ${diverged} divergences`
  badges(state)
  const canvas = find('ring')
  if (canvas instanceof HTMLCanvasElement) drawRing(canvas, state, colour)
  plots.show(state.samples)
}

/** @param {DashboardState} state */
function badges({ cluster, stats }) {
  const { view, leaseLeftMs, survives, phase } = cluster.views
  const members = view?.members.length ?? 0
  /** @type {[string, string][]} */
  const all = [
    [view === undefined ? phase : `view ${viewName(view)}`, view === undefined ? 'warn' : ''],
    [
      leaseLeftMs > 0 ? `lease ${Math.round(leaseLeftMs)} ms` : 'no lease: rooms are frozen',
      leaseLeftMs > 0 ? 'good' : 'bad',
    ],
    [
      `${members} ${members === 1 ? 'member' : 'members'}, ${survives} may be lost at once`,
      survives > 0 ? 'good' : 'warn',
    ],
    [`${stats.rooms} rooms, ${stats.players} players here`, ''],
    [`awareness ${cluster.gossip.awareness}`, cluster.gossip.awareness > 0 ? 'warn' : ''],
    [`lobby ${cluster.lobby.root.slice(0, 8)}`, cluster.lobby.alarms > 0 ? 'bad' : 'dim'],
  ]
  find('badges').replaceChildren(
    ...all.map(([text, style]) => {
      const span = document.createElement('span')
      span.textContent = text
      span.className = style
      return span
    }),
  )
}

/** @param {string} why */
function askForToken(why) {
  find('ask').hidden = false
  find('all').hidden = true
  find('why').textContent = why
}

async function update() {
  const token = sessionStorage.getItem(TOKEN)
  const headers = token === null ? {} : { Authorization: `Bearer ${token}` }
  const answer = await fetch('/dashboard/state.json', { headers })
  if (answer.status === 503) throw new Error(await answer.text())
  if (!answer.ok) return askForToken(token === null && answer.status === 401 ? '' : await answer.text())
  find('ask').hidden = true
  find('all').hidden = false
  document.body.classList.remove('stale')
  show(await answer.json())
}

async function run() {
  try {
    await update()
  } catch (error) {
    document.body.classList.add('stale')
    find('badges').textContent = `This shard does not answer: ${error instanceof Error ? error.message : error}`
  }
  setTimeout(run, EVERY_MS)
}

find('ask').addEventListener('submit', (event) => {
  event.preventDefault()
  const input = find('token')
  if (input instanceof HTMLInputElement) sessionStorage.setItem(TOKEN, input.value)
  void update()
})
void run()
