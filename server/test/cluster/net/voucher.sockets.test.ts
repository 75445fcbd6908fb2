/** A connection that another shard carries counts as its client's, whichever front takes it. */
import { PROTOCOL_VERSION, packControl } from '@tickmesh/shared'
import { expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { AddressVouchers } from '../../../src/cluster/net/address-voucher.ts'
import { Keyring } from '../../../src/cluster/net/keyring.ts'
import { serve } from '../../../src/index.ts'
import { VOUCHER_HEADER } from '../../../src/transport/front.ts'
import { walkerRules, walkers } from '../../test-game.ts'

it.each(['ws', 'uWebSockets.js'] as const)(
  '%s hands the voucher of a handshake to the doorkeeper',
  async (transport) => {
    const key = Buffer.alloc(32, 9).toString('base64')
    const addresses: string[] = []
    const server = await serve(walkers, walkerRules, {
      ...{ host: '127.0.0.1', transport, log: () => {} },
      cluster: { cluster: 'test', port: 0, keys: [key] },
      authenticate: ({ address }) => {
        addresses.push(address)
        return {}
      },
    })
    try {
      const voucher = new AddressVouchers(new Keyring('test', [key]), () => Date.now()).issue('203.0.113.7')
      for (const headers of [{ [VOUCHER_HEADER]: voucher }, {}]) {
        const socket = new WebSocket(server.url, { headers })
        await new Promise((resolve) => socket.once('open', resolve))
        const about = { protocol: PROTOCOL_VERSION, game: walkers.id, schema: walkers.schemaHash }
        socket.send(packControl({ t: 'hello', ...about, room: 'main' }))
        await new Promise((resolve) => socket.once('message', resolve))
        socket.close()
      }
      expect(addresses).toEqual(['203.0.113.7', '127.0.0.1'])
    } finally {
      await server.close()
    }
  },
)
