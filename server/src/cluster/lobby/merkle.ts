/**
 * A hash tree of two levels over a set of entries: leaves are sums over the entries of a bucket, so that a change costs two additions; the root is a hash of the leaves.
 * Pure. Two replicas that should be equal compare roots; where those differ the leaves name the buckets to mend.
 */

/** A hash function of texts, 32 bits. */
export type TextHash = (text: string) => number

export const LEAVES = 64

/** What an entry adds to its leaf. Computed once, kept with the entry. */
export interface LeafPart {
  readonly bucket: number
  readonly a: number
  readonly b: number
}

export function leafPart(hash: TextHash, key: string, text: string): LeafPart {
  return { bucket: bucketOf(hash, key), a: hash(`a${key} ${text}`) >>> 0, b: hash(`b${key} ${text}`) >>> 0 }
}

export function bucketOf(hash: TextHash, key: string): number {
  return (hash(key) >>> 0) % LEAVES
}

export class HashTree {
  readonly #hash: TextHash
  /** Two 32-bit sums for each leaf. */
  readonly #sums = new Uint32Array(LEAVES * 2)
  #root: string | undefined

  constructor(hash: TextHash) {
    this.#hash = hash
  }

  add(part: LeafPart): void {
    this.#root = undefined
    this.#sums[part.bucket * 2] = (this.#sums[part.bucket * 2] ?? 0) + part.a
    this.#sums[part.bucket * 2 + 1] = (this.#sums[part.bucket * 2 + 1] ?? 0) + part.b
  }

  remove(part: LeafPart): void {
    this.#root = undefined
    this.#sums[part.bucket * 2] = (this.#sums[part.bucket * 2] ?? 0) - part.a
    this.#sums[part.bucket * 2 + 1] = (this.#sums[part.bucket * 2 + 1] ?? 0) - part.b
  }

  leaves(): number[] {
    return [...this.#sums]
  }

  /** 16 hexadecimal digits. */
  get root(): string {
    this.#root ??= rootOf(this.#hash, this.#sums.join())
    return this.#root
  }

  /** Buckets in which another tree differs from this. */
  differing(leaves: readonly number[]): number[] {
    const found: number[] = []
    for (let i = 0; i < LEAVES; i++)
      if (leaves[i * 2] !== this.#sums[i * 2] || leaves[i * 2 + 1] !== this.#sums[i * 2 + 1]) found.push(i)
    return found
  }
}

/** 16 hexadecimal digits that name a text. */
export function rootOf(hash: TextHash, text: string): string {
  return [`a${text}`, `b${text}`].map((each) => (hash(each) >>> 0).toString(16).padStart(8, '0')).join('')
}
