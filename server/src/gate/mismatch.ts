/** Whether a client and this server can talk at all. Asked for each hello. Pure. */
import { type CloseReason, type CompiledGame, type HelloMessage, PROTOCOL_VERSION } from '@tickmesh/shared'

/** Why two sides cannot play together; both are named. */
export function mismatchOf(
  hello: Pick<HelloMessage, 'protocol' | 'game' | 'schema'>,
  game: CompiledGame,
): CloseReason | undefined {
  if (hello.protocol !== PROTOCOL_VERSION) {
    const message = `the client speaks protocol ${hello.protocol}, the server ${PROTOCOL_VERSION}. Reload the page, or deploy both from one build.`
    return { code: 'PROTOCOL_MISMATCH', message }
  }
  if (hello.game !== game.id) {
    return {
      code: 'GAME_MISMATCH',
      message: `the client plays "${hello.game}", the server "${game.id}". Check the address.`,
    }
  }
  if (hello.schema !== game.schemaHash) {
    const [client, server] = [hello.schema, game.schemaHash].map((hash) => hash.toString(16).padStart(8, '0'))
    const message = `client has ${game.id} (${client}), server has ${game.id} (${server}). Reload the page, or deploy both from one build.`
    return { code: 'SCHEMA_MISMATCH', message }
  }
  return undefined
}
