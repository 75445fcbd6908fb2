/**
 * The net graph: an overlay for any page that shows how a room's network and netcode fare, and can make the network worse. Development only; a
 * subpath of its own, so that no game carries it that does not ask for it. The one place here that knows the DOM's clock and keys.
 *
 *     const network = badNetwork()
 *     const room = await join(game, url, { wrapLink: network.wrapLink })
 *     netGraph(room, { network })
 */
import type { RoomStats } from '../stats.ts'
import type { BadNetwork } from './bad-network.ts'
import { Canvas } from './canvas.ts'
import { History } from './history.ts'
import { Sliders } from './sliders.ts'
import { styleSheet } from './style.ts'

/** What of a room the graph reads. */
export interface GraphedRoom {
  readonly stats: RoomStats
  readonly open: boolean
}

export interface NetGraphOptions {
  /** Where it is put; the page's body by default. It stands at the top left of the window; the CSS variable `--net-graph-inset` moves it. */
  readonly parent?: HTMLElement
  /** The key (a `KeyboardEvent.code`) that shows and hides it; `'F3'` by default, `''` for none. */
  readonly key?: string
  /** Whether it is shown at once; true by default. */
  readonly open?: boolean
  /** With sliders for this network. */
  readonly network?: BadNetwork
}

export interface NetGraph {
  /** The element that is on the page. */
  readonly element: HTMLElement
  readonly shown: boolean
  show(): void
  hide(): void
  toggle(): void
  /** Takes it off the page for good. */
  remove(): void
}

/** How much of the window's height it may take. */
const MOST_OF_HEIGHT = 0.86
/** Its own paddings and margins. */
const AROUND_PX = 28

/** Puts a net graph on the page. It goes on recording while it is hidden, so that what was felt can be looked at. */
export function netGraph(room: GraphedRoom, options: NetGraphOptions = {}): NetGraph {
  return new Overlay(room, options)
}

class Overlay implements NetGraph {
  readonly element = document.createElement('div')
  private readonly room: GraphedRoom
  private readonly history = new History()
  private readonly canvas: Canvas
  private readonly sliders: Sliders | undefined
  private readonly key: string
  private frame = 0

  constructor(room: GraphedRoom, options: NetGraphOptions) {
    this.room = room
    this.key = options.key ?? 'F3'
    this.canvas = new Canvas(this.history, this.key)
    this.sliders = options.network === undefined ? undefined : new Sliders(options.network)
    const shadow = this.element.attachShadow({ mode: 'open' })
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(styleSheet)
    shadow.adoptedStyleSheets = [sheet]
    shadow.append(this.canvas.element)
    if (this.sliders !== undefined) shadow.append(this.sliders.root)
    this.element.className = 'tickmesh-net-graph'
    this.element.hidden = options.open === false
    const parent = options.parent ?? document.body
    parent.append(this.element)
    addEventListener('keydown', this.onKey)
    addEventListener('resize', this.onResize)
    this.onResize()
    this.frame = requestAnimationFrame(this.onFrame)
  }

  get shown(): boolean {
    return !this.element.hidden
  }

  show(): void {
    this.element.hidden = false
    this.onResize()
  }

  hide(): void {
    this.element.hidden = true
  }

  toggle(): void {
    if (this.shown) this.hide()
    else this.show()
  }

  remove(): void {
    cancelAnimationFrame(this.frame)
    removeEventListener('keydown', this.onKey)
    removeEventListener('resize', this.onResize)
    this.element.remove()
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    if (event.code !== this.key || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    if (!event.repeat) this.toggle()
  }

  /** The only place that asks for a layout. */
  private readonly onResize = (): void => {
    if (!this.shown) return
    this.sliders?.show()
    const others = this.sliders?.root.offsetHeight ?? 0
    this.canvas.resize(
      this.canvas.element.clientWidth,
      innerHeight * MOST_OF_HEIGHT - others - AROUND_PX,
      devicePixelRatio,
    )
    this.canvas.draw(this.room.open)
  }

  private readonly onFrame = (nowMs: number): void => {
    this.frame = requestAnimationFrame(this.onFrame)
    if (this.room.open && this.history.record(this.room.stats, nowMs) && this.shown) this.canvas.draw(true)
    else if (!this.room.open && this.shown && this.canvas.live) this.canvas.draw(false)
  }
}
