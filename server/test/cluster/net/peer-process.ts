/** A shard's port in a process of its own, to be killed by peer-transport.sockets.test.ts: prints its address. */
import { ClusterPort } from '../../../src/cluster/net/cluster-port.ts'
import { Keyring } from '../../../src/cluster/net/keyring.ts'
import { PeerTransport } from '../../../src/cluster/net/peer-transport.ts'

const keyring = new Keyring('test', [Buffer.alloc(32, 1).toString('base64')])
const port: ClusterPort = await ClusterPort.open({
  host: '127.0.0.1',
  port: 0,
  keyring,
  note: () => {},
  receiver: {
    packet: () => {},
    asked: () => 'close',
    datagram: () => {},
    stream: (socket, from, proved) => transport.accept(socket, from, proved),
  },
})
const transport = new PeerTransport({
  cluster: 'test',
  keyring,
  sendDatagram: () => {},
  received: () => {},
  refused: () => {},
  note: () => {},
})
process.stdout.write(`127.0.0.1:${port.port}\n`)
