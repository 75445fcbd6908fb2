/** The panels that stand between the player and the match: joining, connecting, the lost connection. */
import { cleanName } from '../roster.ts'
import { element, setText } from './dom.ts'

const keys: readonly (readonly [string, string])[] = [
  ['W A S D', 'move'],
  ['Mouse', 'aim'],
  ['Left', 'rifle'],
  ['Right', 'rocket'],
  ['Space', 'dash'],
  ['R', 'reload'],
  ['Tab', 'scores'],
  ['F2', 'debug view'],
  ['F3', 'net graph'],
]

/** Why a match ended, or never began. */
export interface Ending {
  readonly title: string
  readonly note: string
  /** The player wanted to. */
  readonly left?: boolean
}

export class Overlays {
  readonly root = element('div', 'overlay')
  private readonly title = element('h1', '', 'ARENA')
  private readonly note = element('p', 'note')
  private readonly input = element('input', '')
  private readonly button = element('button', '', 'Play')
  private readonly form = element('form', 'panel')

  constructor() {
    this.input.maxLength = 14
    this.input.placeholder = 'Your name'
    this.input.setAttribute('aria-label', 'Your name')
    this.input.autocomplete = 'off'
    this.input.spellcheck = false
    this.button.type = 'submit'
    const help = element('ul', 'keys', ...keys.map(([key, what]) => element('li', '', element('kbd', '', key), what)))
    this.form.append(this.title, this.note, element('div', 'row', this.input, this.button), help)
    this.root.append(this.form)
    this.root.hidden = true
  }

  /** Asks for a name; resolves with it. */
  askName(suggestion: string): Promise<string> {
    this.show('ARENA', 'Twitch shooter on Tickmesh. Every shot is judged as your screen showed it.', 'Play')
    this.root.classList.remove('lost')
    this.input.hidden = false
    this.input.value = suggestion
    this.input.select()
    return this.submitted().then(() => cleanName(this.input.value))
  }

  connecting(): void {
    this.show('ARENA', 'Connecting …', '')
    this.input.hidden = true
  }

  /** Says why the match ended; resolves when the player wants to try again. */
  lost({ title, note }: Ending): Promise<void> {
    this.show(title, note, 'Try again')
    this.root.classList.add('lost')
    this.input.hidden = true
    this.button.focus()
    return this.submitted()
  }

  hide(): void {
    this.root.hidden = true
    this.input.blur()
  }

  private show(title: string, note: string, action: string): void {
    setText(this.title, title)
    setText(this.note, note)
    setText(this.button, action)
    this.button.hidden = action === ''
    this.root.hidden = false
  }

  private submitted(): Promise<void> {
    return new Promise((resolve) => {
      this.form.onsubmit = (event) => {
        event.preventDefault()
        this.form.onsubmit = null
        resolve()
      }
    })
  }
}
