/**
 * What happened in a run, as one hash and as the last few hundred events in words. Equal seeds give equal hashes, in any process.
 * Called for every event; nothing is put into words before somebody asks.
 */

const KEPT = 512

export class Trace {
  events = 0
  #low = 0x811c9dc5
  #high = 0x9e3779b9
  readonly #times = new Float64Array(KEPT)
  readonly #machines = new Int32Array(KEPT)
  readonly #kinds: string[] = []
  readonly #details: (string | number)[] = []
  #kept = 0

  /** Something happened at `machine` (-1: to the network, a client or nobody). `detail` is part of the hash. */
  add(timeMs: number, kind: string, machine: number, detail: string | number = 0): void {
    this.events++
    const micros = timeMs * 1000
    this.#fold(micros | 0)
    this.#fold((micros / 4294967296) | 0)
    this.#fold(machine)
    this.#foldText(kind)
    if (typeof detail === 'number') this.#fold(detail * 1000)
    else this.#foldText(detail)
    const at = this.#kept++ % KEPT
    this.#times[at] = timeMs
    this.#machines[at] = machine
    this.#kinds[at] = kind
    this.#details[at] = detail
  }

  get hash(): string {
    return hex(this.#high) + hex(this.#low)
  }

  /** The last events, oldest first. `about`: only those of these machines. */
  last(count: number, keep: (kind: string) => boolean = () => true): string[] {
    const lines: string[] = []
    for (let back = 1; back <= Math.min(KEPT, this.#kept) && lines.length < count; back++) {
      const at = (this.#kept - back) % KEPT
      const kind = this.#kinds[at] ?? ''
      if (!keep(kind)) continue
      const machine = this.#machines[at] ?? -1
      const who = machine < 0 ? '' : `shard ${machine} `
      lines.push(`${(this.#times[at] ?? 0).toFixed(3)} ms  ${who}${kind} ${this.#details[at] ?? ''}`.trimEnd())
    }
    return lines.reverse()
  }

  #foldText(text: string): void {
    let hash = text.length
    for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
    this.#fold(hash)
  }

  #fold(value: number): void {
    this.#low = Math.imul(this.#low ^ (value | 0), 0x01000193)
    this.#high = (Math.imul(this.#high, 0x85ebca6b) ^ (this.#low >>> 15) ^ (value | 0)) | 0
  }
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0')
}
