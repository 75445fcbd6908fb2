/**
 * What this member still has to tell the others, each message a limited number of times. Called by swim.ts for each packet that has room left.
 * Order: fewest transmits first, then the longest that fits, then the newest. News about a member replaces older news about it. Bounded: when it is full,
 * what was told most often goes. Messages are encoded once, when they are queued.
 */

interface Broadcast {
  /** A member's name; several of the empty subject may wait. */
  readonly subject: string
  readonly bytes: Uint8Array
  readonly order: number
  transmits: number
}

/** What older peers read of one compound. */
const MAX_PARTS = 127

export class BroadcastQueue {
  /** By number of transmits; each in the order in which it is taken. */
  readonly #buckets: Broadcast[][] = []
  readonly #bySubject = new Map<string, Broadcast>()
  readonly #capacity: number
  readonly #taken: Broadcast[] = []
  #size = 0
  #order = 0

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get size(): number {
    return this.#size
  }

  /** `bytes` is kept. */
  queue(subject: string, bytes: Uint8Array): void {
    if (subject !== '') {
      const before = this.#bySubject.get(subject)
      if (before !== undefined) this.#remove(before)
    }
    if (this.#size >= this.#capacity) this.#dropOne()
    const broadcast = { subject, bytes, order: this.#order++, transmits: 0 }
    if (subject !== '') this.#bySubject.set(subject, broadcast)
    this.#insert(broadcast)
  }

  /** Appends what fits to `out`, and counts it as told. Each costs `perMessageBytes` besides its own. Returns how many bytes are left. Hot. */
  take(out: Uint8Array[], spaceBytes: number, perMessageBytes: number, limit: number): number {
    if (this.#size === 0) return spaceBytes
    let space = spaceBytes
    const taken = this.#taken
    taken.length = 0
    for (let transmits = 0; transmits < this.#buckets.length; transmits++) {
      const bucket = this.#buckets[transmits]
      if (bucket === undefined) continue
      for (;;) {
        const at = firstNotLonger(bucket, space - perMessageBytes)
        const broadcast = bucket[at]
        if (broadcast === undefined || out.length >= MAX_PARTS) break
        bucket.splice(at, 1)
        taken.push(broadcast)
        out.push(broadcast.bytes)
        space -= broadcast.bytes.length + perMessageBytes
      }
    }
    for (let i = 0; i < taken.length; i++) {
      const broadcast = taken[i]
      if (broadcast === undefined) continue
      this.#size--
      broadcast.transmits++
      if (broadcast.transmits < limit) this.#insert(broadcast)
      else this.#forget(broadcast)
    }
    taken.length = 0
    return space
  }

  #insert(broadcast: Broadcast): void {
    let bucket = this.#buckets[broadcast.transmits]
    if (bucket === undefined) {
      bucket = []
      while (this.#buckets.length <= broadcast.transmits) this.#buckets.push([])
      this.#buckets[broadcast.transmits] = bucket
    }
    bucket.splice(placeOf(bucket, broadcast), 0, broadcast)
    this.#size++
  }

  #remove(broadcast: Broadcast): void {
    const bucket = this.#buckets[broadcast.transmits] ?? []
    const at = placeOf(bucket, broadcast)
    if (bucket[at] !== broadcast) return
    bucket.splice(at, 1)
    this.#size--
    this.#forget(broadcast)
  }

  #forget(broadcast: Broadcast): void {
    if (this.#bySubject.get(broadcast.subject) === broadcast) this.#bySubject.delete(broadcast.subject)
  }

  #dropOne(): void {
    for (let transmits = this.#buckets.length - 1; transmits >= 0; transmits--) {
      const last = this.#buckets[transmits]?.pop()
      if (last === undefined) continue
      this.#size--
      this.#forget(last)
      return
    }
  }
}

/** Longer ones come first, and of equally long ones the newest. */
function comesBefore(a: Broadcast, b: Broadcast): boolean {
  return a.bytes.length !== b.bytes.length ? a.bytes.length > b.bytes.length : a.order > b.order
}

function placeOf(bucket: readonly Broadcast[], broadcast: Broadcast): number {
  let low = 0
  let high = bucket.length
  while (low < high) {
    const middle = (low + high) >> 1
    const at = bucket[middle]
    if (at !== undefined && comesBefore(at, broadcast)) low = middle + 1
    else high = middle
  }
  return low
}

function firstNotLonger(bucket: readonly Broadcast[], maxBytes: number): number {
  let low = 0
  let high = bucket.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((bucket[middle]?.bytes.length ?? 0) > maxBytes) low = middle + 1
    else high = middle
  }
  return low
}
