/**
 * Connections of clients to shards over the simulated network: ordered streams, of which a loss is a delay, that are silent while the shard stands still or the way is cut,
 * and broken soon after its process died. Opened by clients as `dial` does it.
 */
import type { DialOptions } from '@tickmesh/client'
import { type CloseReason, type Lane, type Link, type LinkReceiver, NetError, type Scheduler } from '@tickmesh/shared'
import type { Network } from '../network.ts'

/** A shard's process, as those who connect to it see it. */
export interface ListeningProcess {
  takeClient(link: Link, address: string): void
}

/** A machine that clients dial. */
export interface DialledMachine {
  readonly index: number
  readonly url: string
  readonly boot: number
  accept(what: (process: ListeningProcess) => void): void
}

export interface LineGround {
  readonly network: Network
  readonly time: Scheduler
  /** The machine at this URL. */
  machineAt(url: string): DialledMachine | undefined
}

const DEFAULT_TIMEOUT_MS = 10_000
const MAX_BUFFERED_BYTES = 1_048_576
const BROKEN: CloseReason = { code: 'CONNECTION_LOST', message: 'the connection broke.' }

/** Calls a client's code: it stands at the other end of the network. */
type Deliver = (run: () => void) => void

/** One end of a connection. */
class LineEnd implements Link {
  readonly ordered = true
  bufferedBytes = 0
  peer: LineEnd | undefined
  #receiver: LinkReceiver | undefined
  #over = false
  readonly #network: Network
  readonly #time: Scheduler
  readonly #from: number
  readonly #to: number
  /** Runs something at this end. */
  readonly #here: Deliver

  constructor({ network, time }: LineGround, from: number, to: number, here: Deliver) {
    this.#network = network
    this.#time = time
    this.#from = from
    this.#to = to
    this.#here = here
  }

  get over(): boolean {
    return this.#over
  }

  attach(receiver: LinkReceiver): void {
    this.#receiver = receiver
  }

  /** A message is there. One stream has one lane. */
  takes(bytes: Uint8Array): void {
    this.#run(() => this.#receiver?.onMessage('reliable', bytes))
  }

  send(_lane: Lane, bytes: Uint8Array): void {
    if (this.#over) return
    const copy = bytes.slice()
    this.bufferedBytes += copy.length
    if (this.bufferedBytes > MAX_BUFFERED_BYTES)
      return this.close({ code: 'TOO_SLOW', message: 'too much waits to be sent.' })
    const { peer } = this
    this.#network.stream(
      this.#from,
      this.#to,
      () => {
        this.bufferedBytes -= copy.length
        peer?.takes(copy)
      },
      () => this.breaks(),
    )
  }

  close(reason: CloseReason): void {
    if (this.#over) return
    const { peer } = this
    this.#end(reason)
    this.#network.stream(
      this.#from,
      this.#to,
      () => peer?.endsBy(reason),
      () => {},
    )
  }

  /** The process at the other end died: its host says so, if it can. */
  peerDied(): void {
    this.#network.stream(
      this.#to,
      this.#from,
      () => this.breaks(),
      () => this.breaks(),
    )
  }

  breaks(): void {
    this.endsBy(BROKEN)
  }

  endsBy(reason: CloseReason): void {
    this.#run(() => this.#end(reason))
  }

  #run(what: () => void): void {
    if (this.#over) return
    this.#here(() => {
      if (!this.#over) what()
    })
  }

  #end(reason: CloseReason): void {
    this.#over = true
    // Never from inside the owner's own call.
    this.#time.at(this.#time.now(), () => this.#here(() => this.#receiver?.onClose(reason)))
  }
}

export class ClientLines {
  readonly #ground: LineGround
  /** Of all that were opened to a machine: the clients' ends. */
  readonly #open = new Map<number, Set<LineEnd>>()

  constructor(ground: LineGround) {
    this.#ground = ground
  }

  /** A client's place in the network. */
  attach(): number {
    return this.#ground.network.attach({ listening: true, boot: 1 })
  }

  dial(client: number, url: string, { scheduler, timeoutMs = DEFAULT_TIMEOUT_MS, signal }: DialOptions): Promise<Link> {
    const { network } = this.#ground
    const machine = this.#ground.machineAt(url)
    return new Promise((resolve, reject) => {
      let settled = false
      const fail = (code: 'CONNECT_FAILED' | 'LEFT', why: string): void => {
        if (settled) return
        settled = true
        reject(new NetError(code, why, ''))
      }
      if (machine === undefined) return fail('CONNECT_FAILED', `nobody is at ${url}.`)
      scheduler.at(scheduler.now() + timeoutMs, () => fail('CONNECT_FAILED', `${url} did not answer.`))
      signal?.addEventListener('abort', () => fail('LEFT', 'the attempt was taken back.'), { once: true })
      const refused = (): void => fail('CONNECT_FAILED', `${url} refused.`)
      const near = new LineEnd(this.#ground, client, machine.index, (run) => run())
      const opened = (process: ListeningProcess): void => {
        if (settled) return
        const { boot } = machine
        const far = new LineEnd(this.#ground, machine.index, client, (run) => {
          if (machine.boot === boot) machine.accept(run)
        })
        near.peer = far
        far.peer = near
        this.#keep(machine.index, near)
        process.takeClient(far, `10.1.0.${client}`)
        network.stream(
          machine.index,
          client,
          () => {
            if (settled) return near.close({ code: 'LEFT', message: '' })
            settled = true
            resolve(near)
          },
          refused,
        )
      }
      network.stream(client, machine.index, () => machine.accept(opened), refused)
    })
  }

  /** Its process is gone: whoever was connected hears of it. */
  processDied(machine: number): void {
    const ends = this.#open.get(machine)
    if (ends === undefined) return
    this.#open.delete(machine)
    for (const end of ends) if (!end.over) end.peerDied()
  }

  #keep(machine: number, end: LineEnd): void {
    const ends = this.#open.get(machine) ?? new Set()
    this.#open.set(machine, ends)
    for (const known of ends) if (known.over) ends.delete(known)
    ends.add(end)
  }
}
