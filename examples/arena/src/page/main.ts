/**
 * The page's beginning: builds the panels, starts Phaser, and goes round: ask for a name, play, say why it ended.
 * `?name=Ada&auto=1` joins at once; a reload goes on as the same player by itself. `?link=auto` tries WebRTC (`websocket`, `webrtc`: nothing else). `?quality=low` is for machines that draw by software.
 * On a shard of a cluster the lobby comes before the match (lobby/), and L leads back to it; `?room=match-3` goes straight in.
 * `?spectate=10` watches instead, ten seconds behind. `?delay=50&loss=0.02` makes the network worse: see net-panel.ts.
 */
import { type LobbyPlace, NetError } from '@tickmesh/shared'
import { cleanName } from '../roster.ts'
import { delayAsked, Seats, Spectating } from '../spectate/spectating.ts'
import { Boards } from './boards.ts'
import { Controls } from './controls.ts'
import { element } from './dom.ts'
import { ArenaHooks } from './hooks.ts'
import { Hud } from './hud.ts'
import { hasLobby, keepPlace, keptPlace, placeAsked } from './lobby/asked.ts'
import { LobbyPanel } from './lobby/lobby-panel.ts'
import { choosePlace } from './lobby/lobby-visit.ts'
import { Match, type MatchParts } from './match.ts'
import { Minimap } from './minimap.ts'
import { NetLine } from './net-line.ts'
import { NetPanel } from './net-panel.ts'
import { Notice } from './notice.ts'
import { type Ending, Overlays } from './overlays.ts'
import { startScene } from './scene.ts'
import { TouchControls } from './touch.ts'

const NAME_KEY = 'arena.name'
/** Set while this tab plays, so that a reload joins again. */
const PLAYING_KEY = 'arena.playing'

function serverUrl(): string {
  return `${window.location.protocol === 'https:' ? 'wss' : 'ws'}://${window.location.host}/tickmesh`
}

async function chooseName(overlays: Overlays): Promise<string> {
  const asked = new URLSearchParams(window.location.search)
  const known = asked.get('name') ?? window.localStorage.getItem(NAME_KEY) ?? ''
  const auto = asked.get('auto') === '1' || window.sessionStorage.getItem(PLAYING_KEY) === '1'
  const name = auto ? cleanName(known) : await overlays.askName(known)
  window.localStorage.setItem(NAME_KEY, name)
  return name
}

/** Plays one match to its end; gives why it ended. */
async function playOnce(
  parts: MatchParts,
  overlays: Overlays,
  hooks: ArenaHooks,
  name: string,
  place: string | LobbyPlace = serverUrl(),
): Promise<Ending> {
  hooks.state = 'joining'
  overlays.connecting()
  try {
    const match = await Match.join(parts, place, name)
    hooks.match = match
    hooks.state = 'playing'
    window.sessionStorage.setItem(PLAYING_KEY, '1')
    document.body.classList.add('playing')
    overlays.hide()
    const { code, message } = await match.ended
    return { title: 'Connection lost', note: `${message} (${code})`, left: code === 'LEFT' }
  } catch (error) {
    return { title: 'No connection', note: error instanceof NetError ? `${error.text} (${error.code})` : String(error) }
  } finally {
    hooks.match = undefined
    document.body.classList.remove('playing')
  }
}

/** Watches one match to its end. */
async function watchOnce(
  parts: MatchParts,
  overlays: Overlays,
  hooks: ArenaHooks,
  seats: Seats,
  delayMs: number,
): Promise<Ending> {
  hooks.state = 'joining'
  overlays.connecting()
  try {
    const match = await Spectating.watch(parts, seats, serverUrl(), delayMs)
    hooks.watched = match
    hooks.state = 'watching'
    document.body.classList.add('playing')
    overlays.hide()
    const { code, message } = await match.ended
    return { title: 'Connection lost', note: `${message} (${code})` }
  } catch (error) {
    return { title: 'No connection', note: error instanceof NetError ? `${error.text} (${error.code})` : String(error) }
  } finally {
    hooks.watched = undefined
    document.body.classList.remove('playing')
  }
}

async function watch(parts: MatchParts, overlays: Overlays, hooks: ArenaHooks, seats: Seats, delayMs: number) {
  for (;;) {
    const ending = await watchOnce(parts, overlays, hooks, seats, delayMs)
    hooks.state = 'lost'
    await overlays.lost(ending)
  }
}

/** On a shard: the lobby, a match, and the lobby again. */
async function playFromLobby(
  parts: MatchParts,
  overlays: Overlays,
  hooks: ArenaHooks,
  name: string,
  panels: HTMLElement,
): Promise<void> {
  const lobby = new LobbyPanel()
  const code = element('div', 'room-code')
  code.hidden = true
  panels.append(lobby.root, code)
  window.addEventListener('keydown', ({ code: key, repeat }) => {
    if (key === 'KeyL' && !repeat) void hooks.match?.room.leave()
  })
  // Whoever asks for a name only plays anywhere: demonstrations and tests.
  const isHasty = new URLSearchParams(window.location.search).get('auto') === '1'
  let place: (LobbyPlace & { code?: string }) | undefined =
    keptPlace() ?? placeAsked(serverUrl()) ?? (isHasty ? { room: 'main', url: serverUrl() } : undefined)
  for (;;) {
    let ending: Ending | undefined
    try {
      if (place === undefined) {
        hooks.state = 'lobby'
        overlays.hide()
        place = await choosePlace(lobby, serverUrl(), name)
      }
      keepPlace(place)
      code.replaceChildren('Code ', element('b', '', place.code ?? ''))
      code.hidden = place.code === undefined
      ending = await playOnce(parts, overlays, hooks, name, place)
    } catch (error) {
      ending = { title: 'No lobby', note: error instanceof NetError ? `${error.text} (${error.code})` : String(error) }
    }
    place = undefined
    keepPlace(undefined)
    code.hidden = true
    window.sessionStorage.removeItem(PLAYING_KEY)
    if (ending.left === true) continue
    hooks.state = 'lost'
    await overlays.lost(ending)
  }
}

async function start(): Promise<void> {
  const canvasPlace = document.querySelector<HTMLElement>('#scene')
  const panels = document.querySelector<HTMLElement>('#panels')
  if (canvasPlace === null || panels === null) throw new Error('index.html lacks #scene or #panels')
  const quality = new URLSearchParams(window.location.search).get('quality') === 'low' ? 'low' : 'full'
  const stage = await startScene(canvasPlace, quality)
  const controls = new Controls(canvasPlace)
  const parts = {
    stage,
    controls,
    hud: new Hud(),
    boards: new Boards(),
    net: new NetLine(),
    netPanel: new NetPanel(),
    minimap: new Minimap(),
    touch: new TouchControls(),
    notice: new Notice(),
  }
  const overlays = new Overlays()
  const { hud, net, minimap, boards, touch, notice } = parts
  panels.append(hud.root, net.root, minimap.root, boards.root, touch.root, overlays.root, notice.root)
  if (parts.netPanel.refused !== '') notice.say(parts.netPanel.refused)
  const hooks = new ArenaHooks(stage)
  const delayMs = delayAsked(window.location.search)
  if (delayMs !== undefined) {
    const seats = new Seats(parts, canvasPlace, delayMs)
    panels.append(seats.root)
    return watch(parts, overlays, hooks, seats, delayMs)
  }
  const name = await chooseName(overlays)
  if (hasLobby()) return playFromLobby(parts, overlays, hooks, name, panels)
  const asked = placeAsked(serverUrl())
  for (;;) {
    const ending = await playOnce(parts, overlays, hooks, name, asked)
    hooks.state = 'lost'
    window.sessionStorage.removeItem(PLAYING_KEY)
    await overlays.lost(ending)
  }
}

await start()
