/** The table of matches: one row each, kept while the match is listed, so that a click is not lost to an update. Shows what it is given; says what is chosen. */
import type { LobbyRoom } from '@tickmesh/shared'
import { element, setText } from '../dom.ts'

interface Row {
  readonly root: HTMLButtonElement
  readonly fill: HTMLElement
  readonly count: HTMLElement
}

const STATES: Readonly<Record<LobbyRoom['state'], string>> = {
  open: '',
  full: 'full',
  closed: 'closed',
  recovering: 'comes back',
  lost: 'lost',
}

export class RoomTable {
  readonly root = element('div', 'matches')
  onChoice: (room: string) => void = () => {}
  private readonly rows = new Map<string, Row>()
  private readonly empty = element('p', 'empty', 'No match is listed. Quick match makes one.')

  constructor() {
    this.root.append(this.empty)
  }

  show(rooms: readonly LobbyRoom[]): void {
    const listed = new Set(rooms.map(({ id }) => id))
    for (const [id, { root }] of this.rows) {
      if (listed.has(id)) continue
      root.remove()
      this.rows.delete(id)
    }
    for (const room of rooms) {
      const row = this.rows.get(room.id) ?? this.add(room.id)
      const share = room.maxPlayers === 0 ? 0 : room.players / room.maxPlayers
      row.fill.style.transform = `scaleX(${Math.min(1, share)})`
      setText(row.count, STATES[room.state] || `${room.players} / ${room.maxPlayers}`)
      row.root.disabled = room.state !== 'open'
    }
    // Moved only where the order changed: the focus stays.
    let at: ChildNode | null = this.root.firstChild
    for (const { id } of rooms) {
      const row = this.rows.get(id)?.root
      if (row === undefined) continue
      if (at === row) at = row.nextSibling
      else this.root.insertBefore(row, at)
    }
    this.empty.hidden = rooms.length > 0
  }

  private add(id: string): Row {
    const fill = element('span', 'fill')
    const count = element('span', 'count')
    const root = element('button', 'match', element('span', 'name', id), element('span', 'meter', fill), count)
    root.type = 'button'
    root.dataset.room = id
    root.onclick = () => this.onChoice(id)
    const row = { root, fill, count }
    this.rows.set(id, row)
    return row
  }
}
