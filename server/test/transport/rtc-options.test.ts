/** What a server says that cannot have WebRTC as it is configured. No native code runs here. */
import { expect, it, vi } from 'vitest'
import { RtcTransport, type WebRtcOptions } from '../../src/transport/rtc-transport.ts'

vi.mock('node-datachannel', () => {
  throw new Error('no binary for this machine')
})

const load = (webrtc: WebRtcOptions) =>
  RtcTransport.load({ webrtc, maxMessageBytes: 16_384, maxBufferedBytes: 1_048_576, openTimeoutMs: 5_000 })

it('tells how to get node-datachannel where it cannot be loaded', async () => {
  await expect(load({})).rejects.toMatchObject({ code: 'BAD_STATE' })
  await expect(load({})).rejects.toThrow('npm install node-datachannel')
})

it.each<[string, WebRtcOptions]>([
  ['publicAddress', { publicAddress: 'game.example' }],
  ['bindAddress', { bindAddress: 'eth0' }],
  ['portRange', { portRange: { begin: 5_000, end: 4_000 } }],
  ['portRange', { portRange: { begin: 0, end: 70_000 } }],
  ['iceServers', { iceServers: ['stun.game.example'] }],
  ['maxPeers', { maxPeers: Number.NaN }],
])('names the option %s when it cannot work', async (name, webrtc) => {
  await expect(load(webrtc)).rejects.toMatchObject({ code: 'BAD_ARGUMENT' })
  await expect(load(webrtc)).rejects.toThrow(`webrtc.${name}`)
})
