/** Offers as browsers make them, and what of them reaches the native library. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readOffer, withPublicAddress, writeOffer } from '../../src/transport/rtc-offer.ts'

const FINGERPRINT = Array.from({ length: 32 }, (_, n) => (n + 100).toString(16).toUpperCase()).join(':')
const CHROMIUM = `v=0
o=- 4611731400430051336 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0
a=extmap-allow-mixed
a=msid-semantic: WMS
m=application 51472 UDP/DTLS/SCTP webrtc-datachannel
c=IN IP4 192.0.2.2
a=candidate:1 1 udp 2122260223 192.0.2.2 51472 typ host generation 0 network-id 1
a=candidate:2 1 udp 2122194687 0a1b2c3d-0000-4000-8000-000000000000.local 51473 typ host
a=candidate:3 1 tcp 1518280447 192.0.2.2 9 typ host tcptype active
a=ice-ufrag:b/9+
a=ice-pwd:Vbwf0vWnOyhfdUmRN0TyvtGW
a=ice-options:trickle
a=fingerprint:sha-256 ${FINGERPRINT}
a=setup:actpass
a=mid:0
a=sctp-port:5000
a=max-message-size:262144
`.replaceAll('\n', '\r\n')
/** Firefox names the fingerprint for the whole session, in lower case here. */
const FIREFOX = `v=0
o=mozilla...THIS_IS_SDPARTA-99.0 1 0 IN IP4 0.0.0.0
s=-
t=0 0
a=fingerprint:sha-256 ${FINGERPRINT.toLowerCase()}
a=group:BUNDLE 0
a=ice-options:trickle
a=msid-semantic:WMS *
m=application 9 UDP/DTLS/SCTP webrtc-datachannel
c=IN IP4 0.0.0.0
a=sendrecv
a=ice-pwd:0123456789abcdef0123456789abcdef
a=ice-ufrag:deadbeef
a=mid:0
a=setup:actpass
a=sctp-port:5000
a=max-message-size:1073741823
`.replaceAll('\n', '\r\n')

describe('an offer', () => {
  it('is read as browsers write it', () => {
    expect(readOffer(CHROMIUM)).toEqual({
      mid: '0',
      ufrag: 'b/9+',
      password: 'Vbwf0vWnOyhfdUmRN0TyvtGW',
      fingerprint: FINGERPRINT,
      sctpPort: 5000,
      maxMessageBytes: 262_144,
      candidates: ['candidate:1 1 udp 2122260223 192.0.2.2 51472 typ host generation 0 network-id 1'],
    })
    expect(readOffer(FIREFOX)).toMatchObject({ ufrag: 'deadbeef', maxMessageBytes: 262_144, candidates: [] })
  })

  it('names nobody to send to, unless candidates are wanted', () => {
    const offer = readOffer(CHROMIUM)
    if (offer === undefined) throw new Error('not read')
    expect(writeOffer(offer, false)).not.toContain('192.0.2.2')
    expect(writeOffer(offer, true).match(/a=candidate/g)).toHaveLength(1)
  })

  it('is written anew from checked values, whatever stood in it: no line of it comes through', () => {
    const lines = CHROMIUM.split('\r\n')
    const rubbish = fc.oneof(
      fc.string(),
      fc.constantFrom(...lines),
      fc.string().map((text) => `a=${text}`),
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(lines.length), rubbish), { maxLength: 6 }), (changes) => {
        const changed = [...lines]
        for (const [at, line] of changes) changed.splice(at, 1, line)
        const offer = readOffer(changed.join('\r\n'))
        if (offer === undefined) return
        for (const line of writeOffer(offer, false).trimEnd().split('\r\n'))
          expect(line).toMatch(/^([vostmc]=[\w -./]+|a=[\w-]+(:[\w+/ :-]+)?)$/)
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('an answer', () => {
  it('names the public address once per port, in place of the own ones', () => {
    const answer = [
      'c=IN IP4 10.0.0.7',
      'a=candidate:1 1 UDP 2114977791 10.0.0.7 40000 typ host',
      'a=candidate:2 1 UDP 2114977790 fd00::7 40000 typ host',
      'a=candidate:3 1 UDP 1678769919 198.51.100.9 40000 typ srflx raddr 0.0.0.0 rport 0',
      'a=end-of-candidates',
      '',
    ]
    expect(withPublicAddress(answer.join('\r\n'), '203.0.113.5').split('\r\n')).toEqual([
      'c=IN IP4 203.0.113.5',
      'a=candidate:1 1 UDP 2114977791 203.0.113.5 40000 typ host',
      'a=candidate:3 1 UDP 1678769919 198.51.100.9 40000 typ srflx raddr 0.0.0.0 rport 0',
      'a=end-of-candidates',
      '',
    ])
  })
})
