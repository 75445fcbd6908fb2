/** The lobby as the player sees it: matches, how to get into one, chat. Knows nothing of the network: lobby-visit.ts shows it what there is, and hears what is wanted. */
import type { LobbyLine, LobbyRoom } from '@tickmesh/shared'
import { element, setText } from '../dom.ts'
import { RoomTable } from './room-table.ts'

export interface LobbyWishes {
  quickMatch(): void
  createWithCode(): void
  /** By a click in the list, or by a code. */
  enter(room: string): void
  filter(filter: { readonly name: string; readonly freeOnly: boolean }): void
  say(text: string): void
}

const NO_WISHES: LobbyWishes = { quickMatch() {}, createWithCode() {}, enter() {}, filter() {}, say() {} }

export class LobbyPanel {
  readonly root = element('div', 'overlay lobby')
  wishes: LobbyWishes = NO_WISHES
  private readonly counts = element('span', 'counts')
  private readonly table = new RoomTable()
  private readonly note = element('p', 'note')
  private readonly name = input('Filter by name', 64)
  private readonly freeOnly = element('input', '')
  private readonly code = input('Code or name', 64)
  private readonly lines = element('ol', 'lines')
  private readonly text = input('Say something to everybody here', 300)
  private readonly quick = element('button', 'quick', 'Quick match')
  private readonly create = element('button', '', 'Create with code')
  private readonly join = element('button', '', 'Join')

  constructor() {
    this.freeOnly.type = 'checkbox'
    const free = element('label', 'free', this.freeOnly, 'free seats')
    const byCode = element('form', 'row', this.code, this.join)
    const say = element('form', 'row', this.text)
    const head = element('header', '', element('h1', '', 'ARENA'), this.counts)
    const list = element('section', 'list', element('div', 'row', this.name, free), this.table.root)
    const ways = element('section', 'ways', this.quick, this.create, byCode, this.note, this.lines, say)
    this.root.append(element('div', 'panel', head, element('div', 'columns', list, ways)))
    this.root.hidden = true
    this.quick.onclick = () => this.wishes.quickMatch()
    this.create.onclick = () => this.wishes.createWithCode()
    this.table.onChoice = (room) => this.wishes.enter(room)
    const filter = (): void => this.wishes.filter({ name: this.name.value.trim(), freeOnly: this.freeOnly.checked })
    this.name.oninput = filter
    this.freeOnly.onchange = filter
    byCode.onsubmit = (event) => {
      event.preventDefault()
      if (this.code.value.trim() !== '') this.wishes.enter(this.code.value.trim())
    }
    say.onsubmit = (event) => {
      event.preventDefault()
      if (this.text.value.trim() !== '') this.wishes.say(this.text.value.trim())
      this.text.value = ''
    }
  }

  open(): void {
    this.say('')
    this.busy(false)
    this.root.hidden = false
  }

  close(): void {
    this.root.hidden = true
    this.wishes = NO_WISHES
  }

  showRooms(rooms: readonly LobbyRoom[], counts: { readonly rooms: number; readonly players: number }): void {
    this.table.show(rooms)
    setText(this.counts, `${counts.players} in ${counts.rooms} ${counts.rooms === 1 ? 'match' : 'matches'}`)
  }

  showLines(lines: readonly LobbyLine[]): void {
    this.lines.replaceChildren(
      ...lines.slice(-50).map(({ from, text }) => element('li', '', element('b', '', from), ` ${text}`)),
    )
    this.lines.scrollTop = this.lines.scrollHeight
  }

  /** What happens, or went wrong. */
  say(text: string): void {
    setText(this.note, text)
  }

  /** A place is being looked for. */
  busy(is: boolean): void {
    for (const button of [this.quick, this.create, this.join]) button.disabled = is
    this.root.classList.toggle('busy', is)
  }
}

function input(label: string, most: number): HTMLInputElement {
  const made = element('input', '')
  made.placeholder = label
  made.setAttribute('aria-label', label)
  made.maxLength = most
  made.autocomplete = 'off'
  made.spellcheck = false
  return made
}
