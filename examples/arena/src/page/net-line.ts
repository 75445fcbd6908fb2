/** The line of network facts at the top left: ping, how far we predict, rollbacks, corrections, frames per second. Updated twice a second. */
import type { RoomStats } from '@tickmesh/client'
import { element, setText } from './dom.ts'

const EVERY_MS = 500
const names = ['ping', 'ahead', 'behind', 'predicted', 'rollbacks', 'corrected', 'fps', 'down', 'up', 'over'] as const

export class NetLine {
  readonly root: HTMLElement
  private readonly values = new Map<string, HTMLElement>()
  private frames = 0
  private sinceMs = 0
  private bytesIn = 0
  private bytesOut = 0

  constructor() {
    this.root = element('dl', 'net')
    for (const name of names) {
      const value = element('dd', '', '–')
      this.values.set(name, value)
      this.root.append(element('div', `net-${name}`, element('dt', '', name), value))
    }
  }

  /** Once per frame. */
  frame(facts: RoomStats, nowMs: number): void {
    this.frames++
    const passedMs = nowMs - this.sinceMs
    if (passedMs < EVERY_MS) return
    const perSecond = (count: number) => (count * 1000) / passedMs
    this.show('ping', `${Math.round(facts.rttMs)} ms`)
    this.show('ahead', `${Math.round(facts.leadMs)} ms`)
    this.show('behind', `${Math.round(facts.interpolationDelayMs)} ms`)
    this.show('predicted', `${facts.predictedTick - facts.serverTick} ticks`)
    this.show('rollbacks', `${facts.rollbacks}`)
    this.show('corrected', `${facts.corrections}`)
    this.show('fps', `${Math.round(perSecond(this.frames))}`)
    this.show('down', `${(perSecond(facts.bytesIn - this.bytesIn) / 1000).toFixed(1)} kB/s`)
    this.show('up', `${(perSecond(facts.bytesOut - this.bytesOut) / 1000).toFixed(1)} kB/s`)
    this.bytesIn = facts.bytesIn
    this.bytesOut = facts.bytesOut
    this.show('over', facts.reconnects === 0 ? facts.link : `${facts.link} (${facts.reconnects + 1})`)
    this.frames = 0
    this.sinceMs = nowMs
  }

  private show(name: (typeof names)[number], text: string): void {
    const value = this.values.get(name)
    if (value !== undefined) setText(value, text)
  }
}
