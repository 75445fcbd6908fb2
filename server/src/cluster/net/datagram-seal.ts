/**
 * Seals peers' datagrams by AES-256-GCM, and opens them, each once. Called by peer-transport.ts.
 *
 *     'T'  01  sender 8  counter 6 (big-endian)  ciphertext  tag 16
 *
 * `sender` is drawn when the process starts; each sender has a key of its own, derived from the cluster's, so that the counter may be the nonce and none is
 * used twice. The first sixteen bytes are authenticated. Never throws for bytes from the network, and remembers senders only once they proved to have a key.
 * Deriving a key costs more than all else, so it is done for so many datagrams a second at most: a flood of made-up senders does not keep known ones waiting.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { assert } from '@tickmesh/shared'
import { PEER_DATAGRAM } from './cluster-port.ts'
import type { Keyring } from './keyring.ts'
import { ReplayWindow } from './replay-window.ts'

const VERSION = 1
const HEAD_BYTES = 16
const TAG_BYTES = 16
export const SEAL_BYTES = HEAD_BYTES + TAG_BYTES
/** Peers that are remembered; the one that was heard longest ago is forgotten first. */
const MAX_SENDERS = 1024
/** Derivations a second for datagrams that no known key opens. A newcomer says its first words often enough to get one. */
const MAX_DERIVED_PER_S = 1_000

interface Sender {
  key: Buffer
  readonly window: ReplayWindow
}

export class DatagramSeal {
  readonly #keyring: Keyring
  readonly #self = randomBytes(8)
  #counter = 0
  #sealing: Buffer
  /** Of the keyring, when keys were derived from it. */
  #version: number
  readonly #senders = new Map<string, Sender>()
  readonly #nowMs: () => number
  #derived = 0
  #derivedSinceMs = Number.NEGATIVE_INFINITY

  constructor(keyring: Keyring, nowMs: () => number = () => performance.now()) {
    this.#keyring = keyring
    this.#nowMs = nowMs
    this.#version = keyring.version
    this.#sealing = this.#sealingKey()
  }

  seal(plain: Uint8Array): Uint8Array {
    this.#followKeyring()
    const head = Buffer.alloc(HEAD_BYTES)
    head[0] = PEER_DATAGRAM
    head[1] = VERSION
    head.set(this.#self, 2)
    head.writeUIntBE(this.#counter++, 10, 6)
    const cipher = createCipheriv('aes-256-gcm', this.#sealing, nonceOf(head))
    cipher.setAAD(head)
    return Buffer.concat([head, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
  }

  open(bytes: Uint8Array): Uint8Array | 'undecryptable' | 'replayed' {
    if (bytes.length < SEAL_BYTES || bytes[0] !== PEER_DATAGRAM || bytes[1] !== VERSION) return 'undecryptable'
    this.#followKeyring()
    const head = Buffer.from(bytes.subarray(0, HEAD_BYTES))
    const id = head.toString('hex', 2, 10)
    const known = this.#senders.get(id)
    let opened = known === undefined ? undefined : tryKeys([known.key], head, bytes)
    if (opened === undefined && this.#mayDerive()) opened = tryKeys(this.#keysOf(id), head, bytes)
    if (opened === undefined) return 'undecryptable'
    const sender = known ?? { key: opened.key, window: new ReplayWindow() }
    sender.key = opened.key
    this.#senders.delete(id)
    this.#senders.set(id, sender)
    for (const oldest of this.#senders.keys()) {
      if (this.#senders.size <= MAX_SENDERS) break
      this.#senders.delete(oldest)
    }
    return sender.window.take(head.readUIntBE(10, 6)) ? opened.plain : 'replayed'
  }

  #mayDerive(): boolean {
    const nowMs = this.#nowMs()
    if (nowMs - this.#derivedSinceMs >= 1_000) {
      this.#derivedSinceMs = nowMs
      this.#derived = 0
    }
    return ++this.#derived <= MAX_DERIVED_PER_S
  }

  /** Keys that were removed open nothing any more. */
  #followKeyring(): void {
    if (this.#version === this.#keyring.version) return
    this.#version = this.#keyring.version
    this.#sealing = this.#sealingKey()
    for (const [id, sender] of this.#senders) {
      const keys = this.#keysOf(id)
      if (!keys.some((key) => key.equals(sender.key))) sender.key = keys[0] ?? sender.key
    }
  }

  #sealingKey(): Buffer {
    const [key] = this.#keysOf(this.#self.toString('hex'))
    assert(key !== undefined, 'a keyring derives at least one key')
    return key
  }

  #keysOf(sender: string): readonly Buffer[] {
    return this.#keyring.derive('peer datagrams', sender)
  }
}

/** Twelve bytes: the counter behind zeros. */
function nonceOf(head: Buffer): Buffer {
  const nonce = Buffer.alloc(12)
  head.copy(nonce, 6, 10, 16)
  return nonce
}

function tryKeys(
  keys: readonly Buffer[],
  head: Buffer,
  bytes: Uint8Array,
): { plain: Uint8Array; key: Buffer } | undefined {
  const end = bytes.length - TAG_BYTES
  for (const key of keys) {
    const decipher = createDecipheriv('aes-256-gcm', key, nonceOf(head))
    decipher.setAAD(head)
    decipher.setAuthTag(bytes.subarray(end))
    try {
      return { plain: Buffer.concat([decipher.update(bytes.subarray(HEAD_BYTES, end)), decipher.final()]), key }
    } catch {
      // Another key may open it.
    }
  }
  return undefined
}
