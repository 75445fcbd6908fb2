/**
 * The keys of a cluster. The first one encrypts, all of them decrypt, and they may be changed while the cluster runs (`add` everywhere, then `use`, then
 * `remove` the old one). Made by the shell; asked by the port for gossip, by the peer transport and by tickets.
 * Gossip is encrypted as memberlist does it, with the key itself, so that `serf agent -encrypt` with the same key is in; everything else has keys of its own,
 * derived by HKDF, so that no two uses share one.
 * Never throws for bytes from the network: what no key opens is undefined.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { NetError } from '@tickmesh/shared'

const NONCE_BYTES = 12
const TAG_BYTES = 16
const BLOCK_BYTES = 16
/** `0a`, then the length of the blob. */
export const STREAM_HEADER_BYTES = 5
export const ENCRYPTED_STREAM = 10

/** What a derived key is for. Each is another key. */
export type KeyPurpose = 'peer datagrams' | 'peer streams' | 'tickets' | 'name of the key'

interface DerivedTicketKey {
  readonly id: string
  readonly secret: Uint8Array
}

export class Keyring {
  /** Another number after each change. */
  version = 0
  #keys: Uint8Array[]
  #tickets: { readonly version: number; readonly keys: readonly DerivedTicketKey[] } | undefined
  readonly #cluster: string

  /** `keys`: base64 of 16, 24 or 32 bytes each; 32 are the ones to take. None: nothing is encrypted, and derived keys protect from accidents only. */
  constructor(cluster: string, keys: readonly string[]) {
    this.#cluster = cluster
    this.#keys = keys.map(parseKey)
  }

  /** Whether there is a key at all. */
  get encrypts(): boolean {
    return this.#keys.length > 0
  }

  /** From now on decrypts with this one, too. */
  add(key: string): void {
    this.#needKeys()
    const bytes = parseKey(key)
    if (this.#keys.some((other) => same(other, bytes))) return
    this.#keys.push(bytes)
    this.version++
  }

  /** From now on encrypts with this one, which was added before. */
  use(key: string): void {
    const bytes = this.#find(key)
    this.#keys = [bytes, ...this.#keys.filter((other) => other !== bytes)]
    this.version++
  }

  /** Forgets a key that is not the first. */
  remove(key: string): void {
    const bytes = this.#find(key)
    if (bytes === this.#keys[0])
      throw new NetError('BAD_ARGUMENT', 'this key encrypts.', 'Let the keyring `use` another before.')
    this.#keys = this.#keys.filter((other) => other !== bytes)
    this.version++
  }

  /** A gossip packet for the wire. */
  sealPacket(plain: Uint8Array): Uint8Array {
    const [key] = this.#keys
    return key === undefined ? plain : seal(key, plain, undefined)
  }

  /** Undefined: no key opens it. */
  openPacket(bytes: Uint8Array): Uint8Array | undefined {
    return this.encrypts ? this.#open(bytes, undefined) : bytes
  }

  /** A gossip stream for the wire. */
  sealStream(plain: Uint8Array): Uint8Array {
    const [key] = this.#keys
    if (key === undefined) return plain
    const length = 1 + NONCE_BYTES + plain.length + TAG_BYTES
    const header = Buffer.alloc(STREAM_HEADER_BYTES)
    header[0] = ENCRYPTED_STREAM
    header.writeUInt32BE(length, 1)
    return Buffer.concat([header, seal(key, plain, header)])
  }

  /** Of a whole frame, its header included. Undefined: no key opens it. */
  openStream(frame: Uint8Array): Uint8Array | undefined {
    return this.#open(frame.subarray(STREAM_HEADER_BYTES), frame.subarray(0, STREAM_HEADER_BYTES))
  }

  /** 32 bytes for each key, the one that is used first. `context`: more that tells keys apart. */
  derive(purpose: KeyPurpose, context = ''): readonly Buffer[] {
    const keys = this.encrypts ? this.#keys : [Buffer.from('tickmesh, without a key')]
    const info = `tickmesh/1 ${purpose} ${context}`
    return keys.map((key) => Buffer.from(hkdfSync('sha256', key, this.#cluster, info, 32)))
  }

  /** Names that tell nothing of the keys, in the order of `derive`. */
  names(): readonly string[] {
    return this.derive('name of the key').map((name) => name.toString('hex', 0, 8))
  }

  /** Of tickets that any shard of this cluster signs and takes; another list after each change of the keys, else the same one. Made once per change. */
  ticketKeys(): readonly DerivedTicketKey[] {
    if (this.#tickets?.version !== this.version) {
      const names = this.names()
      const keys = this.derive('tickets').map((secret, index) => ({ id: names[index] ?? '', secret }))
      this.#tickets = { version: this.version, keys }
    }
    return this.#tickets.keys
  }

  #open(blob: Uint8Array, header: Uint8Array | undefined): Uint8Array | undefined {
    for (const key of this.#keys) {
      const plain = open(key, blob, header)
      if (plain !== undefined) return plain
    }
    return undefined
  }

  #find(key: string): Uint8Array {
    const bytes = parseKey(key)
    const known = this.#keys.find((other) => same(other, bytes))
    if (known === undefined)
      throw new NetError('BAD_ARGUMENT', 'this key is not in the keyring.', 'Let the keyring `add` it before.')
    return known
  }

  #needKeys(): void {
    if (this.encrypts) return
    throw new NetError(
      'BAD_STATE',
      'a cluster that runs without a key cannot get one while it runs.',
      'Start all shards again, with `keys`.',
    )
  }
}

function parseKey(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64')
  if ([16, 24, 32].includes(bytes.length) && /^[A-Za-z0-9+/]+={0,2}$/.test(text)) return bytes
  throw new NetError(
    'BAD_ARGUMENT',
    'a key of the cluster is not 32 bytes in base64.',
    'Make one with `openssl rand -base64 32`, and give the same to all shards.',
  )
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}

function cipherOf(key: Uint8Array): 'aes-128-gcm' | 'aes-192-gcm' | 'aes-256-gcm' {
  return key.length === 16 ? 'aes-128-gcm' : key.length === 24 ? 'aes-192-gcm' : 'aes-256-gcm'
}

/** `01 nonce ciphertext tag`. */
function seal(key: Uint8Array, plain: Uint8Array, header: Uint8Array | undefined): Uint8Array {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv(cipherOf(key), key, nonce)
  if (header !== undefined) cipher.setAAD(header)
  return Buffer.concat([Buffer.of(1), nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}

/** Version 0 is padded as PKCS#7 says, which peers of long ago send. */
function open(key: Uint8Array, blob: Uint8Array, header: Uint8Array | undefined): Uint8Array | undefined {
  const version = blob[0] ?? 255
  const end = blob.length - TAG_BYTES
  if (version > 1 || end < 1 + NONCE_BYTES) return undefined
  const decipher = createDecipheriv(cipherOf(key), key, blob.subarray(1, 1 + NONCE_BYTES))
  if (header !== undefined) decipher.setAAD(header)
  decipher.setAuthTag(blob.subarray(end))
  try {
    const plain = Buffer.concat([decipher.update(blob.subarray(1 + NONCE_BYTES, end)), decipher.final()])
    return version === 1 ? plain : unpadded(plain)
  } catch {
    return undefined
  }
}

function unpadded(plain: Uint8Array): Uint8Array | undefined {
  const pad = plain[plain.length - 1] ?? 0
  return pad < 1 || pad > BLOCK_BYTES || pad > plain.length ? undefined : plain.subarray(0, plain.length - pad)
}
