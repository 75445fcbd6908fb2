/**
 * The Phaser scene: owns the layers and draws one frame of a match. It knows nothing of the network: the match gives it views and events.
 * Phaser's own loop runs only while no match does; during one, `render` is called from the room's frame, so that what a frame computed is
 * what the screen shows in that same frame.
 */
import Phaser from 'phaser'
import type { ArenaView } from '../arena-room.ts'
import { DebugLayer } from './debug-layer.ts'
import { Effects } from './effects.ts'
import { Fighters, type Profile } from './fighters.ts'
import { drawGround } from './ground.ts'
import { palette } from './palette.ts'
import { Props } from './props.ts'
import { paintTextures } from './textures.ts'
import { ViewCamera } from './view-camera.ts'

/** What a frame of the match looks like. */
export interface Frame {
  readonly view: ArenaView
  readonly nowMs: number
  readonly dtMs: number
  /** Own seat. */
  readonly own: number
  /** Where the own player aims, straight from the device. */
  readonly aim: number
  /** The mouse's distance from the middle of the screen, in device pixels. */
  readonly pointerX: number
  readonly pointerY: number
  profile(seat: number): Profile
  /** What the server last said (debug view). */
  readonly server: ArenaView | undefined
}

/** The layers of a scene, and the drawing of a frame. */
export class Stage {
  readonly effects: Effects
  readonly fighters: Fighters
  readonly debug: DebugLayer
  readonly view: ViewCamera
  private readonly props: Props
  private readonly loop: Phaser.Core.TimeStep
  private matchRuns = false

  constructor(scene: Phaser.Scene) {
    paintTextures(scene)
    drawGround(scene)
    this.effects = new Effects(scene)
    this.fighters = new Fighters(scene)
    this.props = new Props(scene, this.effects)
    this.debug = new DebugLayer(scene)
    this.view = new ViewCamera(scene.cameras.main)
    this.loop = scene.game.loop
  }

  /** Called by Phaser in each of its steps. */
  update(dtMs: number): void {
    this.effects.update(dtMs)
    if (!this.matchRuns) this.view.wander(dtMs / 1000)
  }

  /** Draws one frame of the match, at once. */
  render(frame: Frame): void {
    this.matchRuns = true
    const { view, nowMs } = frame
    const own = [...view.player].find(({ owner }) => owner === frame.own)
    const dt = frame.dtMs / 1000
    if (own === undefined) this.view.rest(dt)
    else this.view.follow(own.x, own.y, frame.pointerX, frame.pointerY, dt)
    this.fighters.begin(nowMs)
    for (const fighter of view.player) {
      const isOwn = fighter.owner === frame.own
      this.fighters.draw(fighter, frame.profile(fighter.owner), isOwn, isOwn ? frame.aim : fighter.aim, this.view.zoom)
    }
    this.fighters.end()
    this.props.draw(view.rocket, view.pickup, nowMs)
    this.debug.draw(frame.server?.player ?? [], frame.server?.rocket ?? [], nowMs)
    if (this.loop.running) this.loop.sleep()
    this.loop.step(nowMs)
  }

  /** Clears the match away and lets Phaser run by itself again. */
  endMatch(): void {
    this.matchRuns = false
    this.fighters.begin(0)
    this.fighters.end()
    this.props.draw([], [], 0)
    this.debug.clear()
    this.loop.wake()
  }
}

class ArenaScene extends Phaser.Scene {
  private readonly ready: (stage: Stage) => void
  private stage: Stage | undefined

  constructor(ready: (stage: Stage) => void) {
    super('arena')
    this.ready = ready
  }

  create(): void {
    this.stage = new Stage(this)
    this.ready(this.stage)
  }

  override update(_time: number, deltaMs: number): void {
    this.stage?.update(deltaMs)
  }
}

/**
 * Starts Phaser in `parent`, at the screen's full resolution, and keeps to its size.
 * `low` quality leaves out antialiasing: for machines that draw by software.
 */
export function startScene(parent: HTMLElement, quality: 'full' | 'low'): Promise<Stage> {
  const isLow = quality === 'low'
  const ratio = () => Math.min(2, window.devicePixelRatio || 1)
  return new Promise((resolve) => {
    const game = new Phaser.Game({
      type: Phaser.AUTO,
      parent,
      backgroundColor: palette.void,
      width: window.innerWidth * ratio(),
      height: window.innerHeight * ratio(),
      scale: { mode: Phaser.Scale.NONE, zoom: 1 / ratio() },
      render: {
        antialias: true,
        antialiasGL: !isLow,
        maxTextures: isLow ? 1 : -1,
        powerPreference: 'high-performance',
      },
      fps: { smoothStep: false },
      audio: { noAudio: true },
      input: { keyboard: false, mouse: false, touch: false, gamepad: false },
      banner: false,
      scene: new ArenaScene(resolve),
    })
    window.addEventListener('resize', () => {
      // In this order: the zoom gives the canvas its size on the page, by the size that the game has by then.
      game.scale.resize(window.innerWidth * ratio(), window.innerHeight * ratio())
      game.scale.setZoom(1 / ratio())
    })
  })
}
