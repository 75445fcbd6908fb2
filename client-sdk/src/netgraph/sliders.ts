/**
 * The sliders that make a network worse while one plays: part of the net graph, shown if it was given a bad network.
 */
import type { ImpairmentChange } from '@tickmesh/shared'
import type { BadNetwork } from './bad-network.ts'
import { byteRate, milliseconds, percentage } from './scale.ts'

/** One slider: whole steps from 0 (nothing) on. */
interface Dial {
  readonly label: string
  readonly title: string
  readonly steps: number
  /** Ordered links take no notice of it. */
  readonly datagramsOnly?: boolean
  read(options: ImpairmentChange): number
  write(step: number): ImpairmentChange
  text(step: number): string
}

const FREEZE_MS = 1000
const HELD_BACK_MS = 60
/** In kB/s, from the most to the least; before them: without limit. */
const bandwidths = [128, 64, 32, 16, 12, 8, 6, 4, 3, 2] as const

const dials: readonly Dial[] = [
  {
    label: 'added delay',
    title: 'Added round trip, half of it each way',
    steps: 50,
    read: ({ delayMs = 0 }) => (delayMs * 2) / 10,
    write: (step) => ({ delayMs: (step * 10) / 2 }),
    text: (step) => `+${step * 10} ms`,
  },
  {
    label: 'jitter',
    title: 'Mean of the random delay added each way',
    steps: 50,
    read: ({ jitterMs = 0 }) => jitterMs / 2,
    write: (step) => ({ jitterMs: step * 2 }),
    text: (step) => milliseconds(step * 2).replace('.0', ''),
  },
  {
    label: 'loss',
    title: 'Share of messages lost, each way',
    steps: 40,
    read: ({ loss = 0 }) => loss * 200,
    write: (step) => ({ loss: step / 200 }),
    text: (step) => percentage(step / 2),
  },
  {
    label: 'reorder',
    title: 'Share of datagrams held back, each way',
    steps: 40,
    datagramsOnly: true,
    read: ({ reorder = 0 }) => reorder * 200,
    write: (step) => ({ reorder: step / 200, reorderMs: HELD_BACK_MS }),
    text: (step) => percentage(step / 2),
  },
  {
    label: 'duplicate',
    title: 'Share of datagrams that come twice, each way',
    steps: 40,
    datagramsOnly: true,
    read: ({ duplicate = 0 }) => duplicate * 200,
    write: (step) => ({ duplicate: step / 200 }),
    text: (step) => percentage(step / 2),
  },
  {
    label: 'bandwidth',
    title: 'Bytes a second, each way',
    steps: bandwidths.length,
    read: ({ bandwidth }) =>
      bandwidth === undefined ? 0 : bandwidths.filter((known) => known * 1000 >= bandwidth).length,
    write: (step) => ({ bandwidth: step === 0 ? undefined : (bandwidths[step - 1] ?? 1) * 1000 }),
    text: (step) => (step === 0 ? 'no limit' : byteRate((bandwidths[step - 1] ?? 1) * 1000).replace('.0', '')),
  },
]

export class Sliders {
  readonly root = document.createElement('fieldset')
  private readonly network: BadNetwork
  private readonly note = document.createElement('span')
  private readonly rows: { readonly dial: Dial; readonly row: HTMLLabelElement; show(): void }[] = []

  constructor(network: BadNetwork) {
    this.network = network
    this.root.setAttribute('aria-label', 'Make the network worse')
    const head = document.createElement('p')
    head.append(
      this.note,
      button(`freeze ${FREEZE_MS / 1000} s`, () => network.freeze(FREEZE_MS)),
      button('reset', () => {
        network.reset()
        this.show()
      }),
    )
    this.root.append(head)
    for (const dial of dials) this.add(dial)
    this.show()
  }

  /** Shows the network's present values, and the sliders that its kind of link has. */
  show(): void {
    const { ordered } = this.network
    const note = ordered === true ? 'WebSocket: a loss is a stall' : 'Make it worse'
    if (this.note.textContent !== note) this.note.textContent = note
    this.note.title =
      ordered === true
        ? 'Nothing is lost on an ordered link: all that is behind a loss waits until it is sent again.'
        : ''
    for (const { dial, row, show } of this.rows) {
      row.hidden = dial.datagramsOnly === true && ordered !== false
      show()
    }
  }

  private add(dial: Dial): void {
    const row = document.createElement('label')
    const input = document.createElement('input')
    const output = document.createElement('output')
    row.title = dial.title
    input.type = 'range'
    input.max = String(dial.steps)
    input.name = dial.label.replace(' ', '-')
    input.addEventListener('input', () => {
      this.network.change(dial.write(input.valueAsNumber))
      show()
    })
    leaveKeysToThePage(input)
    row.append(dial.label, input, output)
    this.root.append(row)
    const show = () => {
      const step = dial.read(this.network.options)
      if (input.valueAsNumber !== Math.round(step)) input.value = String(Math.round(step))
      output.textContent = dial.text(step)
      row.toggleAttribute('data-set', step > 0)
    }
    this.rows.push({ dial, row, show })
  }
}

function button(text: string, run: () => void): HTMLButtonElement {
  const made = document.createElement('button')
  made.type = 'button'
  made.textContent = text
  made.addEventListener('click', run)
  leaveKeysToThePage(made)
  return made
}

/** After a use by the mouse the game's keys must not go on moving the slider. */
function leaveKeysToThePage(element: HTMLElement): void {
  element.addEventListener('pointerup', () => element.blur())
}
