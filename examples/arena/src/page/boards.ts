/** Who is ahead and who killed whom: the compact top five, the whole scoreboard (Tab), the kill feed. The match calls these when something changes. */
import { element } from './dom.ts'
import { css, playerColor } from './palette.ts'

/** One player's line. */
export interface Score {
  readonly seat: number
  readonly name: string
  readonly color: number
  readonly kills: number
  readonly deaths: number
  readonly bot: boolean
}

const FEED_LINES = 5
const FEED_MS = 5500

function ranked(scores: Iterable<Score>): Score[] {
  return [...scores].sort((a, b) => b.kills - a.kills || a.deaths - b.deaths || a.seat - b.seat)
}

function named(name: string, color: number): HTMLElement {
  const made = element('span', 'who', name)
  made.style.color = css(playerColor(color))
  return made
}

export class Boards {
  readonly root: HTMLElement
  private readonly top = element('ol', 'top')
  private readonly feed = element('div', 'feed')
  private readonly rows = element('tbody', '')
  private readonly board: HTMLElement

  constructor() {
    const head = element('tr', '', ...['', 'Player', 'Kills', 'Deaths'].map((title) => element('th', '', title)))
    const table = element('table', '', element('thead', '', head), this.rows)
    this.board = element('div', 'board', element('h2', '', 'Scoreboard'), table)
    this.board.hidden = true
    this.root = element('div', 'boards', element('div', 'corner', this.top, this.feed), this.board)
  }

  showScores(scores: Iterable<Score>, ownSeat: number): void {
    const order = ranked(scores)
    const place = order.findIndex(({ seat }) => seat === ownSeat)
    const shown = order.slice(0, 5)
    const own = order[place]
    if (own !== undefined && place >= 5) shown[4] = own
    this.top.replaceChildren(...shown.map((score) => topLine(score, order.indexOf(score) + 1, score.seat === ownSeat)))
    this.rows.replaceChildren(...order.map((score, index) => boardRow(score, index + 1, score.seat === ownSeat)))
  }

  setOpen(open: boolean): void {
    this.board.hidden = !open
  }

  killed(killer: Score | undefined, victim: Score | undefined, weapon: string, isOwn: boolean): void {
    const line = element('div', isOwn ? 'kill own' : 'kill')
    const icon = element('span', 'weapon', weapon === 'rocket' ? '✸' : '━╸')
    const fallen = named(victim?.name ?? 'someone', victim?.color ?? 0)
    if (killer === undefined || killer.seat === victim?.seat) line.append(fallen, element('span', 'weapon', 'blew up'))
    else line.append(named(killer.name, killer.color), icon, fallen)
    this.feed.append(line)
    while (this.feed.childElementCount > FEED_LINES) this.feed.firstElementChild?.remove()
    setTimeout(() => line.remove(), FEED_MS)
  }
}

function topLine(score: Score, place: number, isOwn: boolean): HTMLElement {
  const line = element(
    'li',
    isOwn ? 'own' : '',
    element('em', '', String(place)),
    named(score.name, score.color),
    element('b', '', String(score.kills)),
  )
  return line
}

function boardRow(score: Score, place: number, isOwn: boolean): HTMLElement {
  const name = element('td', '', named(score.name, score.color))
  if (score.bot) name.append(element('small', '', 'bot'))
  const cells = [
    element('td', '', String(place)),
    name,
    element('td', '', String(score.kills)),
    element('td', '', String(score.deaths)),
  ]
  return element('tr', isOwn ? 'own' : '', ...cells)
}
