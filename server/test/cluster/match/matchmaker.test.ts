import { describe, expect, it } from 'vitest'
import type { CallsMessage } from '../../../src/cluster/calls/call-messages.ts'
import { parseCallsMessage } from '../../../src/cluster/calls/call-messages.ts'
import { type Answer, PeerCalls } from '../../../src/cluster/calls/peer-calls.ts'
import type { ListedRoom } from '../../../src/cluster/lobby/lobby-api.ts'
import type { Seeker } from '../../../src/cluster/match/criteria.ts'
import { Matchmaker, SEATS } from '../../../src/cluster/match/matchmaker.ts'

const [A, B] = ['aaaaaaaaaaaaaaaa', 'bbbbbbbbbbbbbbbb']
const SEATS_IN_ROOM = 4

interface Sent {
  readonly from: string
  readonly to: string
  readonly message: CallsMessage
}

/** Two shards over a network that the test delivers by hand. A makes the matches; rooms are B's. The lobby shows a room only when the test says so. */
class Rig {
  nowMs = 0
  readonly network: Sent[] = []
  readonly calls = new Map<string, PeerCalls>()
  readonly listed = new Map<string, ListedRoom>()
  /** Seats taken, as their owner knows. */
  readonly rooms = new Map<string, number>()
  readonly makers = new Map<string, Matchmaker>()
  singleton: string | undefined = A
  created = 0
  private readonly creating: (() => void)[] = []

  constructor() {
    for (const life of [A, B]) this.addShard(life)
  }

  private addShard(life: string): void {
    let seed = 1
    const calls = new PeerCalls(
      { life, random: () => seed++ },
      { send: (to, message) => this.network.push({ from: life, to, message }) },
    )
    calls.handle(SEATS, (body, _from, _nowMs, answer) =>
      answer(this.seats(body as { room: string; players: unknown[] })),
    )
    this.calls.set(life, calls)
    this.makers.set(
      life,
      new Matchmaker({
        life,
        maxPlayers: SEATS_IN_ROOM,
        calls,
        lobby: { rooms: () => this.listed.values(), room: (id) => this.listed.get(id) },
        isSingleton: () => this.singleton === life,
        singleton: () => this.singleton,
        create: (_request, _nowMs, done) => {
          this.creating.push(() => {
            const id = `made-${++this.created}`
            this.rooms.set(id, 0)
            done({ kind: 'there', place: { id, owner: B, url: 'ws://b', epoch: { generation: 1, view: 1, k: 1 } } })
          })
        },
        urlOf: (of) => (of === B ? 'ws://b' : 'ws://a'),
      }),
    )
  }

  private seats({ room, players }: { readonly room: string; readonly players: readonly unknown[] }): Answer {
    const taken = this.rooms.get(room)
    if (taken === undefined) return { ok: false, code: 'ROOM_NOT_FOUND', message: 'gone' }
    if (taken + players.length > SEATS_IN_ROOM) return { ok: false, code: 'ROOM_FULL', message: 'full' }
    this.rooms.set(room, taken + players.length)
    return {
      ok: true,
      body: { tickets: players.map((_, at) => `ticket-${room}-${taken + at}`) },
    }
  }

  list(id: string, players: number, attributes: ListedRoom['attributes'] = {}): void {
    const epoch = { generation: 1, view: 1, k: 1 }
    this.rooms.set(id, players)
    this.listed.set(id, {
      id,
      owner: B,
      url: 'ws://b',
      epoch,
      state: 'open',
      players,
      maxPlayers: SEATS_IN_ROOM,
      attributes,
    })
  }

  /** All that is under way, `copies` times each, and rooms that are being made. */
  settle(copies = 1): void {
    for (let rounds = 0; rounds < 20; rounds++) {
      for (const make of this.creating.splice(0)) make()
      for (const { from, to, message } of this.network.splice(0)) {
        for (let copy = 0; copy < copies; copy++) this.calls.get(to)?.receive(from, message, this.nowMs)
      }
    }
  }

  seek(life: string, seeker: Partial<Seeker> = {}): Answer[] {
    const answers: Answer[] = []
    const whole = {
      players: [{ id: 'p', identity: undefined }],
      attributes: {},
      skill: undefined,
      skillRange: 300,
      ...seeker,
    }
    this.makers.get(life)?.seek(whole, this.nowMs, (answer) => answers.push(answer))
    return answers
  }
}

const roomOf = ([answer]: readonly Answer[]): unknown =>
  answer?.ok === true ? (answer.body as { readonly room: string }).room : answer?.code

const party = (count: number): Seeker['players'] =>
  Array.from({ length: count }, (_, at) => ({ id: `p${at}`, identity: undefined }))

describe('the matchmaker', () => {
  it('fills the fullest room that has a seat, from whichever shard one asks', () => {
    const rig = new Rig()
    rig.list('full', 4)
    rig.list('fuller', 3)
    rig.list('emptier', 1)
    const answers = rig.seek(B)
    rig.settle()
    expect(answers).toEqual([{ ok: true, body: { room: 'fuller', url: 'ws://b', tickets: ['ticket-fuller-3'] } }])
    expect(rig.created).toBe(0)
  })

  it('makes one room for all who come at once, before the lobby lists it, and another when it is full', () => {
    const rig = new Rig()
    const seekers = Array.from({ length: 6 }, (_, at) => rig.seek(at % 2 === 0 ? A : B))
    rig.settle()
    expect(seekers.map(roomOf).sort()).toEqual(['made-1', 'made-1', 'made-1', 'made-1', 'made-2', 'made-2'])
  })

  it('keeps a party together', () => {
    const rig = new Rig()
    rig.list('nearly', 3)
    const answers = rig.seek(A, { players: party(3) })
    rig.settle()
    expect(roomOf(answers)).toBe('made-1')
    expect(rig.rooms.get('made-1')).toBe(3)
  })

  it('takes only rooms whose attributes are as wanted, none that are private, and the nearest skill', () => {
    const rig = new Rig()
    rig.list('us', 3, { region: 'us' })
    rig.list('secret', 3, { region: 'eu', private: true })
    rig.list('far', 3, { region: 'eu', skill: 1900 })
    rig.list('near', 1, { region: 'eu', skill: 1520 })
    const near = rig.seek(A, { attributes: { region: 'eu' }, skill: 1500 })
    rig.settle()
    expect(roomOf(near)).toBe('near')
    const nobody = rig.seek(A, { attributes: { region: 'eu' }, skill: 500 })
    rig.settle()
    expect(roomOf(nobody)).toBe('made-1')
  })

  it('goes on to the next room where the owner says that there is no seat after all', () => {
    const rig = new Rig()
    rig.list('stale', 3)
    rig.rooms.set('stale', 4)
    rig.list('true', 2)
    const answers = rig.seek(A)
    rig.settle()
    expect(roomOf(answers)).toBe('true')
  })

  it('takes a seat once, however often the network repeats the question', () => {
    const rig = new Rig()
    rig.list('room', 1)
    const answers = rig.seek(B)
    rig.settle(3)
    expect(answers).toHaveLength(1)
    expect(rig.rooms.get('room')).toBe(2)
  })

  it('asks again when the network loses the question, and gives up when nobody answers in time', () => {
    const rig = new Rig()
    rig.list('room', 1)
    const answers = rig.seek(B)
    rig.network.length = 0
    rig.nowMs = 600
    rig.calls.get(B)?.tick(rig.nowMs)
    rig.settle()
    expect(roomOf(answers)).toBe('room')
    const lost = rig.seek(B)
    for (; rig.nowMs < 10_000; rig.nowMs += 100) {
      rig.calls.get(B)?.tick(rig.nowMs)
      rig.network.length = 0
    }
    expect(roomOf(lost)).toBe('NOT_READY')
    expect(rig.calls.get(B)?.nextMs).toBeGreaterThan(rig.nowMs)
  })

  it('counts no seat twice when the listing shows what was promised', () => {
    const rig = new Rig()
    rig.list('one', 0)
    rig.list('two', 0)
    const rooms: string[] = []
    for (let taken = 1; taken <= SEATS_IN_ROOM; taken++) {
      const answers = rig.seek(A)
      rig.settle()
      rooms.push(String(roomOf(answers)))
      rig.list(rooms[0] ?? '', taken)
    }
    expect(new Set(rooms).size).toBe(1)
    expect(rig.created).toBe(0)
  })

  it('gives up after some rooms, and makes no end of them, where owners refuse everybody', () => {
    const rig = new Rig()
    for (const calls of rig.calls.values())
      calls.handle(SEATS, (_body, _from, _nowMs, answer) => answer({ ok: false, code: 'ROOM_FULL', message: 'no' }))
    const answers = rig.seek(A)
    rig.settle()
    expect(roomOf(answers)).toBe('ROOM_FULL')
    expect(rig.created).toBeLessThan(8)
  })

  it('goes on answering others, and in a while itself, where one shard asks without end', () => {
    const rig = new Rig()
    const calls = rig.calls.get(A)
    let answered = 0
    calls?.handle('count', (_body, _from, _nowMs, answer) => {
      answered++
      answer({ ok: true, body: null })
    })
    const ask = (from: string, id: number): void =>
      calls?.receive(from, { k: 'call', id, method: 'count', body: 0 }, rig.nowMs)
    for (let id = 0; id < 5_000; id++) ask(B, id)
    expect(answered).toBe(2_000)
    ask('cccccccccccccccc', 1)
    expect(answered).toBe(2_001)
    rig.nowMs = 31_000
    calls?.tick(rig.nowMs)
    ask(B, 9_999)
    expect(answered).toBe(2_002)
  })

  it('works on one shard only, and says so on the others', () => {
    const rig = new Rig()
    rig.singleton = undefined
    expect(roomOf(rig.seek(A))).toBe('NOT_READY')
    const answers: Answer[] = []
    rig.calls.get(B)?.ask(A, 'match', { players: party(1) }, 0, (answer) => answers.push(answer))
    rig.settle()
    expect(roomOf(answers)).toBe('NOT_READY')
  })

  it('refuses what is no seeker, and a parser takes nothing that is no message', () => {
    const rig = new Rig()
    for (const body of [
      undefined,
      3,
      {},
      { players: [] },
      { players: party(65) },
      { players: party(5) },
      { players: [{}] },
      { players: party(1), attributes: { a: {} } },
    ]) {
      const answers: Answer[] = []
      rig.calls.get(B)?.ask(A, 'match', body, 0, (answer) => answers.push(answer))
      rig.settle()
      expect(roomOf(answers)).toBe('BAD_ARGUMENT')
    }
    for (const value of [
      null,
      'x',
      {},
      { k: 'call', id: -1, method: 'm' },
      { k: 'call', id: 1, method: 'm'.repeat(99) },
      { k: 'reply', id: 1.5 },
    ])
      expect(parseCallsMessage(value)).toBeUndefined()
  })
})
