// @ts-check
/** The dashboard's tables: rows of cells, each a text with a style, put into the page without any markup of what peers said. */
import { shares } from '/dashboard/draw-ring.js'

/** @typedef {import('../src/ops/dashboard/dashboard-state.ts').DashboardState} DashboardState */
/** @typedef {{ text: string, style?: string, href?: string, colour?: string }} Cell */
/** @typedef {{ heads: string[], rows: Cell[][] }} Table */

/**
 * @param {HTMLElement} table
 * @param {Table} content
 */
export function fill(table, { heads, rows }) {
  const head = document.createElement('tr')
  head.append(...heads.map((text) => cell('th', { text })))
  table.replaceChildren(
    head,
    ...rows.map((cells) => {
      const row = document.createElement('tr')
      row.append(...cells.map((one) => cell('td', one)))
      return row
    }),
  )
}

/**
 * @param {'td' | 'th'} kind
 * @param {Cell} content
 */
function cell(kind, { text, style, href, colour }) {
  const element = document.createElement(kind)
  if (style !== undefined) element.className = style
  if (colour !== undefined) element.style.color = colour
  if (href === undefined) element.textContent = text
  else {
    const link = document.createElement('a')
    link.href = href
    link.textContent = text
    element.append(link)
  }
  return element
}

/** @param {number | undefined | null} ms */
function milliseconds(ms) {
  return ms === undefined || ms === null ? '' : `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`
}

/** Generations are dates in seconds: their ends tell them apart. @param {{ generation: number, number: number }} view */
export function viewName({ generation, number }) {
  return `${generation % 100_000}.${number}`
}

/** @param {number} atMs */
function time(atMs) {
  return new Date(atMs).toLocaleTimeString()
}

/** A shard's own dashboard, from where its games connect. @param {string} url */
function dashboardOf(url) {
  return /^wss?:\/\//.test(url)
    ? `${url.replace(/^ws/, 'http').replace(/^(https?:\/\/[^/]+).*$/, '$1')}/dashboard`
    : undefined
}

/**
 * @param {DashboardState} state
 * @param {(life: string) => string} colour
 * @returns {Table}
 */
export function memberRows({ cluster, ring, rooms }, colour) {
  const heads = [
    'shard',
    'life',
    'zone',
    'weight',
    'homes',
    'gossip',
    'incarnation',
    'voter',
    'evidence against it',
    'round trip',
    'rooms',
    'players',
    'clock',
    'players connect at',
  ]
  const { view, members } = cluster.views
  const share = shares(ring)
  const rows = members.map(({ member, evidence, roundTripAgeMs }) => {
    const { name, life, zone, weight, url, draining } = member
    const seen = cluster.gossip.members.find((other) => other.name === name)
    const own = rooms.filter(({ owner }) => owner === life)
    const clock = cluster.clock.peers.find((peer) => peer.life === life)
    const marks = `${life === cluster.life ? ' (this)' : ''}${life === cluster.singleton ? ' ★' : ''}${draining ? ' draining' : ''}`
    const link = dashboardOf(url)
    return [
      { text: name + marks, colour: colour(life) },
      { text: life.slice(0, 8), style: 'dim' },
      { text: zone },
      { text: String(weight) },
      { text: `${((share.get(life) ?? 0) * 100).toFixed(1)} %` },
      { text: seen?.state ?? 'unknown', style: seen?.state === 'alive' ? 'good' : 'bad' },
      { text: String(seen?.incarnation ?? ''), style: 'dim' },
      { text: view?.voters.includes(life) === true ? 'yes' : '' },
      { text: evidence ?? 'none', style: evidence === undefined || evidence === null ? 'dim' : 'bad' },
      { text: life === cluster.life ? '' : milliseconds(roundTripAgeMs) },
      { text: String(own.length) },
      { text: String(own.reduce((sum, { players }) => sum + players, 0)) },
      { text: clock === undefined ? '' : `${clock.offsetMs.toFixed(2)} ± ${(clock.errorMs ?? 0).toFixed(2)} ms` },
      link === undefined ? { text: url } : { text: url, href: link },
    ]
  })
  const strangers = cluster.gossip.members.filter(({ name }) => !members.some(({ member }) => member.name === name))
  for (const { name, state, incarnation, address, tags } of strangers) {
    const role =
      tags.role === 'tickmesh' ? 'not in the view' : tags.role === undefined ? 'no shard' : `role ${tags.role}`
    const cells = [
      name,
      tags.life?.slice(0, 8) ?? '',
      '',
      '',
      '',
      state,
      String(incarnation),
      '',
      role,
      '',
      '',
      '',
      '',
      address,
    ]
    rows.push(cells.map((text) => ({ text, style: 'dim' })))
  }
  return { heads, rows }
}

/** @param {DashboardState} state */
function namesOf({ cluster }) {
  const names = new Map((cluster.views.view?.members ?? []).map(({ life, name }) => [life, name]))
  return (/** @type {string} */ life) => names.get(life) ?? life.slice(0, 8)
}

/** @type {Record<string, string>} */
const ROOM_STYLES = { open: 'good', recovering: 'warn', lost: 'bad' }

/** @param {DashboardState} state @returns {Table} */
export function roomRows(state) {
  const nameOf = namesOf(state)
  const rows = state.rooms.map(({ id, owner, state: is, players, maxPlayers, holders }) => [
    { text: id },
    { text: nameOf(owner) },
    holders.length > 0 ? { text: holders.map(nameOf).join(', ') } : { text: 'nobody', style: 'warn' },
    { text: is, style: ROOM_STYLES[is] ?? 'dim' },
    { text: `${players} / ${maxPlayers}` },
  ])
  return { heads: ['room', 'owner', 'stands by', 'state', 'players'], rows }
}

/** Rooms of this shard with those who stand by for them, then rooms that it stands by for. @param {DashboardState} state @returns {Table} */
export function standbyRows(state) {
  const nameOf = namesOf(state)
  const { standby, moves } = state.cluster
  const leaving = new Map(moves.moving.map(({ room, to, step }) => [room, `${step}, to ${nameOf(to)}`]))
  const own = standby.rooms.flatMap(({ id, tick, heldTick, mode, holders }) => {
    const behind =
      heldTick === null || heldTick === undefined || !Number.isFinite(heldTick) ? '' : String(tick - heldTick)
    const first = { text: id }
    const rest = [
      { text: mode, style: mode === 'inputs' ? 'dim' : 'warn' },
      { text: leaving.get(id) ?? '', style: 'warn' },
    ]
    if (holders.length === 0)
      return [
        [first, { text: 'this' }, { text: 'nobody: not safe', style: 'bad' }, { text: '' }, { text: '' }, ...rest],
      ]
    return holders.map(({ life, state: is, lagMs }) => [
      first,
      { text: 'this' },
      { text: `${nameOf(life)}${is === 'holding' ? '' : `, ${is}`}`, style: is === 'holding' ? '' : 'warn' },
      { text: milliseconds(lagMs), style: lagMs > 100 ? 'bad' : lagMs > 20 ? 'warn' : 'good' },
      { text: behind },
      ...rest,
    ])
  })
  const held = standby.held.map(({ id, owner, tick }) => [
    { text: id, style: 'dim' },
    { text: nameOf(owner), style: 'dim' },
    { text: 'this', style: 'dim' },
    { text: '' },
    { text: `tick ${tick}`, style: 'dim' },
    { text: '' },
    { text: '' },
  ])
  return { heads: ['room', 'owner', 'stands by', 'lag', 'ticks not held', 'told', 'moves'], rows: [...own, ...held] }
}

/** @type {Record<string, string>} */
const JOURNEY_STYLES = { move: 'good', failover: 'warn', lost: 'bad' }

/** @param {DashboardState} state @returns {Table} */
export function journeyRows({ journeys }) {
  const rows = [...journeys]
    .reverse()
    .map(({ atMs, room, kind, from, to }) => [
      { text: time(atMs), style: 'dim' },
      { text: kind, style: JOURNEY_STYLES[kind] ?? '' },
      { text: room },
      { text: from },
      { text: to },
    ])
  return { heads: ['time', '', 'room', 'from', 'to'], rows }
}

/** @param {DashboardState} state @returns {Table} */
export function viewRows({ views }) {
  const rows = [...views]
    .reverse()
    .map(({ atMs, generation, number, members, came, went }) => [
      { text: time(atMs), style: 'dim' },
      { text: viewName({ generation, number }) },
      { text: String(members.length) },
      { text: came.map((name) => `+ ${name}`).join(', '), style: 'good names' },
      { text: went.map((name) => `- ${name}`).join(', '), style: 'bad names' },
    ])
  return { heads: ['time', 'view', 'members', 'came', 'went'], rows }
}

/** @param {DashboardState} state @returns {Table} */
export function clockRows({ cluster }) {
  const { stratum, offsetMs, errorMs, steps, peers } = cluster.clock
  const names = new Map((cluster.views.view?.members ?? []).map(({ life, name }) => [life, name]))
  const own = [
    { text: `this, stratum ${stratum}` },
    { text: `${offsetMs.toFixed(3)} ms` },
    { text: milliseconds(errorMs) },
    { text: `${steps} steps`, style: 'dim' },
  ]
  const rows = peers.map(({ life, offsetMs: offset, errorMs: error }) => [
    { text: names.get(life) ?? life },
    { text: `${offset.toFixed(3)} ms` },
    { text: milliseconds(error) },
    { text: '' },
  ])
  return { heads: ['clock', 'offset', 'error at most', ''], rows: [own, ...rows] }
}

/** @param {DashboardState} state @returns {Table} */
export function eventRows({ events }) {
  const rows = [...events].reverse().map(({ atMs, level, event, message, times }) => [
    { text: time(atMs), style: 'dim' },
    {
      text: times > 1 ? `${event} × ${times}` : event,
      style: level === 'error' ? 'bad' : level === 'warn' ? 'warn' : '',
    },
    { text: message },
  ])
  return { heads: ['time', 'event', ''], rows }
}
