/**
 * `window.__replay`: what browser tests and the curious may read and do.
 *
 *     __replay.state          'choosing' | 'playing' | 'refused'
 *     __replay.problem        why the last file was refused
 *     __replay.tape           position, playing, speed, seek(tick), ...
 *     __replay.fighters()     what the newest frame drew: [{ seat, id, name, x, y, hp }]
 *     __replay.checkedTick()  all ticks up to here came to what was recorded
 *     __replay.kills()        how many kills the bar marks
 *     __replay.following()    the seat that the camera follows; 0: none
 */
import type { Screening } from './screening.ts'
import type { Tape } from './tape.ts'

export class ReplayHooks {
  state: 'choosing' | 'playing' | 'refused' = 'choosing'
  problem = ''
  private screening: Screening | undefined

  constructor() {
    Object.assign(window, { __replay: this })
  }

  show(screening: Screening): void {
    this.screening = screening
    this.state = 'playing'
  }

  refuse(problem: string): void {
    this.state = 'refused'
    this.problem = problem
  }

  get tape(): Tape | undefined {
    return this.screening?.tape
  }

  fighters(): readonly object[] {
    return this.screening?.shown ?? []
  }

  checkedTick(): number {
    return this.screening?.survey.checkedTick ?? -1
  }

  kills(): number {
    return this.screening?.survey.marks.length ?? 0
  }

  following(): number {
    return this.screening?.following ?? 0
  }
}
