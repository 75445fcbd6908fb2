/**
 * The page's beginning: builds the panels, starts Phaser, and goes round: ask for a name, play, say why it ended.
 * `?name=Ada&auto=1` joins at once; a reload joins again by itself. `?quality=low` is for machines that draw by software.
 */
import { NetError } from '@tickmesh/shared'
import { cleanName } from '../roster.ts'
import { Boards } from './boards.ts'
import { Controls } from './controls.ts'
import { ArenaHooks } from './hooks.ts'
import { Hud } from './hud.ts'
import { Match, type MatchParts } from './match.ts'
import { Minimap } from './minimap.ts'
import { NetLine } from './net-line.ts'
import { Overlays } from './overlays.ts'
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
async function playOnce(parts: MatchParts, overlays: Overlays, hooks: ArenaHooks, name: string): Promise<string> {
  hooks.state = 'joining'
  overlays.connecting()
  try {
    const match = await Match.join(parts, serverUrl(), name)
    hooks.match = match
    hooks.state = 'playing'
    window.sessionStorage.setItem(PLAYING_KEY, '1')
    document.body.classList.add('playing')
    overlays.hide()
    const { code, message } = await match.ended
    return `${message} (${code})`
  } catch (error) {
    return error instanceof NetError ? error.message : String(error)
  } finally {
    hooks.match = undefined
    document.body.classList.remove('playing')
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
    minimap: new Minimap(),
    touch: new TouchControls(),
  }
  const overlays = new Overlays()
  panels.append(parts.hud.root, parts.net.root, parts.minimap.root, parts.boards.root, parts.touch.root, overlays.root)
  const hooks = new ArenaHooks(stage)
  const name = await chooseName(overlays)
  for (;;) {
    const reason = await playOnce(parts, overlays, hooks, name)
    hooks.state = 'lost'
    window.sessionStorage.removeItem(PLAYING_KEY)
    await overlays.lost(reason)
  }
}

await start()
