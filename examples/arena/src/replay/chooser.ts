/**
 * The panel before a replay: the recordings of this server, if it records, and a place for a file of one's own; and what is wrong with a file that was refused.
 */
import { element, setText } from '../page/dom.ts'

interface Listed {
  readonly name: string
  readonly bytes: number
  readonly modifiedMs: number
}

/** A file, and its name for people. */
export interface Chosen {
  readonly name: string
  readonly bytes: Uint8Array
}

const REFRESH_MS = 2000
/** What a file's name has besides the room's. */
const STAMP = /-\d{4}-\d\d-\d\dT[\d-]+Z(-\d+)?\.tickmesh$/
const SUFFIX = /\.tickmesh$/

function isListed(value: unknown): value is Listed {
  if (typeof value !== 'object' || value === null) return false
  const { name, bytes, modifiedMs }: { name?: unknown; bytes?: unknown; modifiedMs?: unknown } = value
  return typeof name === 'string' && typeof bytes === 'number' && typeof modifiedMs === 'number'
}

/** What the server records, newest first; nothing if it does not. */
async function recordings(): Promise<readonly Listed[]> {
  try {
    const response = await fetch('/recordings')
    const list: unknown = response.ok ? await response.json() : []
    return Array.isArray(list) ? list.filter(isListed) : []
  } catch {
    return []
  }
}

async function fetchRecording(name: string): Promise<Chosen> {
  const response = await fetch(`/recordings/${encodeURIComponent(name)}`)
  if (!response.ok) throw new Error(`The server has no recording "${name}".`)
  return { name, bytes: new Uint8Array(await response.arrayBuffer()) }
}

async function readFile(file: File): Promise<Chosen> {
  try {
    return { name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) }
  } catch {
    throw new Error(`"${file.name}" cannot be read: a folder, or a file that is gone.`)
  }
}

export class Chooser {
  readonly root = element('div', 'overlay')
  private readonly list = element('ul', 'recordings')
  private readonly problem = element('p', 'problem')
  private readonly input = element('input', '')
  private take: (chosen: Promise<Chosen>) => void = () => {}

  constructor() {
    this.input.type = 'file'
    this.input.accept = '.tickmesh'
    this.input.addEventListener('change', () => this.takeFile(this.input.files?.[0]))
    const drop = element(
      'label',
      'drop',
      element('strong', '', 'Drop a recording here'),
      element('span', '', 'or choose a .tickmesh file'),
      this.input,
    )
    const note = element(
      'p',
      'note',
      'The whole match, computed again from what its players did, and checked tick by tick.',
    )
    const panel = element('div', 'panel', element('h1', '', 'REPLAY'), note, this.problem, this.list, drop)
    this.root.append(panel)
    this.problem.hidden = true
    this.root.hidden = true
    window.addEventListener('dragover', (event) => {
      event.preventDefault()
      drop.classList.add('over')
    })
    window.addEventListener('dragleave', () => drop.classList.remove('over'))
    window.addEventListener('drop', (event) => {
      event.preventDefault()
      drop.classList.remove('over')
      this.takeFile(event.dataTransfer?.files[0])
    })
  }

  /** Resolves with the file that is chosen; `?file=name` chooses one of the server's at once. Rejects if it cannot be had. */
  choose(asked: string | null): Promise<Chosen> {
    if (asked !== null) return fetchRecording(asked)
    if (this.root.hidden) {
      this.root.hidden = false
      void this.showList()
    }
    return new Promise((resolve) => {
      this.take = resolve
    })
  }

  /** Says why a file was refused; `choose` follows. */
  refuse(name: string, problem: string): void {
    setText(this.problem, name === '' ? problem : `${name}: ${problem}`)
    this.problem.hidden = false
  }

  hide(): void {
    this.root.hidden = true
    this.problem.hidden = true
  }

  private takeFile(file: File | undefined): void {
    if (file === undefined) return
    this.take(readFile(file))
    this.input.value = ''
  }

  /** The list is kept up to date while it shows: a match may just have begun. */
  private async showList(): Promise<void> {
    let before = ''
    while (!this.root.hidden) {
      const listed = await recordings()
      const text = JSON.stringify(listed)
      if (text !== before) this.list.replaceChildren(...listed.map((each) => this.row(each)))
      before = text
      await new Promise((resolve) => setTimeout(resolve, REFRESH_MS))
    }
  }

  private row({ name, bytes, modifiedMs }: Listed): HTMLElement {
    const when = new Date(modifiedMs).toLocaleString([], { dateStyle: 'medium', timeStyle: 'medium' })
    const size = `${Math.max(1, Math.round(bytes / 1024))} KiB`
    const label = element('span', '', name.replace(STAMP, '').replace(SUFFIX, ''))
    const button = element('button', '', label, element('small', '', `${when} · ${size}`))
    button.title = name
    button.addEventListener('click', () => this.take(fetchRecording(name)))
    return element('li', '', button)
  }
}
