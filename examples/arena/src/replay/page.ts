/**
 * The replay's page: choose a recording, watch it. Draws with the same stage as the match's page; knows neither the network nor the rules.
 * `?file=name` opens one of the server's recordings; `?quality=low` is for machines that draw by software.
 */
import { NetError, openJournal } from '@tickmesh/shared'
import { arena } from '../game.ts'
import { Boards } from '../page/boards.ts'
import { element } from '../page/dom.ts'
import { type Stage, startScene } from '../page/scene.ts'
import { Chooser, type Chosen } from './chooser.ts'
import { ReplayHooks } from './hooks.ts'
import { Screening } from './screening.ts'

const keys: readonly (readonly [string, string])[] = [
  ['Space', 'play, pause'],
  ['← →', '5 s'],
  [', .', 'one tick'],
  ['[ ]', 'speed'],
  ['W A S D', 'camera'],
  ['Tab', 'scores'],
]

function openScreening(stage: Stage, surface: HTMLElement, boards: Boards, { name, bytes }: Chosen): Screening {
  return new Screening(openJournal(bytes, arena, { allowTruncated: true }), name, { stage, surface, boards })
}

function problemText(error: unknown): string {
  if (error instanceof NetError) return error.text
  return error instanceof Error ? error.message : String(error)
}

async function start(): Promise<void> {
  const surface = document.querySelector<HTMLElement>('#scene')
  const panels = document.querySelector<HTMLElement>('#panels')
  if (surface === null || panels === null) throw new Error('replay.html lacks #scene or #panels')
  const asked = new URLSearchParams(window.location.search)
  const stage = await startScene(surface, asked.get('quality') === 'low' ? 'low' : 'full')
  const boards = new Boards()
  const chooser = new Chooser()
  const hooks = new ReplayHooks()
  const help = element('ul', 'keys', ...keys.map(([key, what]) => element('li', '', element('kbd', '', key), what)))
  panels.append(boards.root, help, chooser.root)
  let wanted = asked.get('file')
  for (;;) {
    let name = wanted ?? ''
    try {
      const chosen = await chooser.choose(wanted)
      name = chosen.name
      const screening = openScreening(stage, surface, boards, chosen)
      chooser.hide()
      panels.append(screening.root)
      document.body.classList.add('playing')
      hooks.show(screening)
      return screening.run()
    } catch (error) {
      const problem = problemText(error)
      hooks.refuse(problem)
      chooser.refuse(name, problem)
      wanted = null
    }
  }
}

await start()
