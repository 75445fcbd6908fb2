/**
 * A game server as a process of its own, for drain.sockets.test.ts: `drain-process.ts <timeoutMs> <what its rules do>`. Says what happens, a line each.
 */
import { writeSync } from 'node:fs'
import { serve, stopOnSignals } from '../../src/index.ts'
import { walkerRules, walkers } from '../test-game.ts'

const [timeoutText = '1000', mode = 'plain'] = process.argv.slice(2)

/** At once, so that it is there if the process is killed. */
function say(text: string): void {
  writeSync(1, `${text}\n`)
}

const server = await serve(
  walkers,
  {
    ...walkerRules,
    onDrain(room, ms) {
      say(`onDrain ${room.id} ${ms}`)
      if (mode === 'never-resolves') return new Promise<void>(() => {}) as unknown as undefined
      if (mode === 'throws') throw new Error('the game cannot end')
      if (mode === 'ends-match') room.after(50, () => room.close('The match is over.'))
    },
    onLeave: (room, player, { code }) => say(`onLeave ${room.id} ${player.seat} ${code}`),
    onDispose(room) {
      say(`onDispose ${room.id}`)
      if (mode === 'never-returns') for (;;);
    },
  },
  { host: '127.0.0.1', roomIdleMs: 60_000, limits: { connectionsPerAddress: 1000 }, logLevel: 'warn' },
)
stopOnSignals(server, { timeoutMs: Number(timeoutText), onStopped: () => say('stopped') })
say(`listening ${server.port}`)
