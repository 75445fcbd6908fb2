/** One visit to the cluster's lobby: from connecting to the place where the player is to play. The only file of the page's lobby that knows the SDK. */
import { type Lobby, lobby } from '@tickmesh/client'
import { type LobbyPlace, NetError } from '@tickmesh/shared'
import { arena } from '../../game.ts'
import type { LobbyPanel } from './lobby-panel.ts'

const CHANNEL = 'arena'

/** Resolves with a place that the player chose, and a code if it is a room for friends. Rejects with the SDK's NetError if the lobby ends before. */
export async function choosePlace(
  panel: LobbyPanel,
  url: string,
  name: string,
): Promise<LobbyPlace & { code?: string }> {
  panel.open()
  panel.say('Connecting …')
  const visited = await lobby(arena, url, { name, filter: {} })
  panel.say('')
  try {
    return await new Promise((resolve, reject) => {
      visited.onClose(({ code, message }) => reject(new NetError(code, message, '')))
      visited.onConnection((connected) => panel.say(connected ? '' : 'Reconnecting …'))
      wire(visited, panel, resolve)
    })
  } finally {
    panel.close()
    visited.close()
  }
}

function wire(visited: Lobby, panel: LobbyPanel, choose: (place: LobbyPlace & { code?: string }) => void): void {
  const show = (): void => panel.showRooms(visited.rooms, visited.counts)
  const seek = async (note: string, ask: () => Promise<LobbyPlace & { code?: string }>): Promise<void> => {
    panel.busy(true)
    panel.say(note)
    try {
      choose(await ask())
    } catch (error) {
      panel.say(error instanceof NetError ? error.text : String(error))
    }
    panel.busy(false)
  }
  panel.wishes = {
    quickMatch: () => void seek('Looking for a match …', () => visited.quickMatch()),
    createWithCode: () =>
      void seek('Making a room …', async () => {
        const place = await visited.create({ code: true })
        return { ...place, code: place.room }
      }),
    enter: (room) => void seek(`Joining ${room} …`, () => visited.find(room)),
    filter: ({ name, freeOnly }) =>
      visited.setFilter({ ...(name === '' ? {} : { prefixes: { id: name } }), ...(freeOnly ? { freeSeats: 1 } : {}) }),
    say: (text) => visited.say(CHANNEL, text),
  }
  visited.onRooms(show)
  visited.onChat((_channel, lines) => panel.showLines(lines))
  panel.showLines(visited.lines(CHANNEL))
  show()
}
