/** The players of a replay, with their score: a click follows one. The page calls `update` once per frame; the list changes only when something did. */
import type { Score } from '../page/boards.ts'
import { element } from '../page/dom.ts'
import { css, playerColor } from '../page/palette.ts'

export class CastList {
  readonly root = element('div', 'cast')
  private readonly onChosen: (seat: number) => void
  private shown = ''

  /** `onChosen` gets a seat, or 0 for the free camera. */
  constructor(onChosen: (seat: number) => void) {
    this.onChosen = onChosen
  }

  update(scores: readonly Score[], following: number): void {
    const text = JSON.stringify([scores, following])
    if (text === this.shown) return
    this.shown = text
    const free = this.row('Free camera', 0, following)
    free.classList.add('free')
    const rows = scores.map(({ seat, name, color, kills, deaths }) => {
      const row = this.row(name, seat, following)
      row.style.setProperty('--color', css(playerColor(color)))
      row.append(element('b', '', String(kills)), element('small', '', String(deaths)))
      return row
    })
    this.root.replaceChildren(free, ...rows)
  }

  private row(name: string, seat: number, following: number): HTMLButtonElement {
    const row = element('button', seat === following ? 'chosen' : '', element('i', ''), element('span', '', name))
    row.dataset.seat = String(seat)
    row.addEventListener('click', () => {
      this.onChosen(seat)
      row.blur()
    })
    return row
  }
}
