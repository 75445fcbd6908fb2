import { describe, expect, it } from 'vitest'
import { describeNetwork, parseRelayArguments } from '../src/relay/relay-arguments.ts'

const parse = (line: string) => parseRelayArguments(line.split(' '))
const ends = '--listen 9000 --to localhost:8080'

describe('the command line of the relay', () => {
  it('takes every property of a network, the same each way, with seeds of their own', () => {
    const plan = parse(
      `${ends} --udp --delay 50 --jitter 10 --jitter-shape uniform --loss 0.02 --loss-burst 3 --reorder 0.01 --reorder-ms 30 --duplicate 0.01 --bandwidth 50000 --queue 65536 --freeze-every 10000 --freeze 400 --seed 7`,
    )
    const model = {
      delayMs: 50,
      jitterMs: 10,
      jitterShape: 'uniform',
      loss: 0.02,
      lossBurst: 3,
      reorder: 0.01,
      reorderMs: 30,
      duplicate: 0.01,
      bandwidth: 50_000,
      queueBytes: 65_536,
      freezeEveryMs: 10_000,
      freezeMs: 400,
    }
    expect(plan).toEqual({
      udp: true,
      listen: { host: '127.0.0.1', port: 9000 },
      to: { host: 'localhost', port: 8080 },
      out: { ...model, seed: 7 },
      in: { ...model, seed: 8 },
    })
    expect(describeNetwork(plan.out)).toContain('loss 0.02, loss-burst 3')
  })

  it('takes ports alone, hosts, and addresses of either kind, and halves a round trip', () => {
    const plan = parse('--listen [::1]:0 --to 8080 --rtt 120')
    expect([plan.udp, plan.listen, plan.to]).toEqual([
      false,
      { host: '::1', port: 0 },
      { host: 'localhost', port: 8080 },
    ])
    expect([plan.out.delayMs, plan.in.delayMs]).toEqual([60, 60])
    expect(describeNetwork(parse(ends).out)).toBe('nothing made worse')
  })

  it.each([
    ['--to localhost:8080', /--listen is missing/],
    ['--listen 9000', /--to is missing/],
    ['--listen 9000 --to localhost', /--to is 'localhost'/],
    ['--listen 9000 --to 0', /--to is '0'/],
    ['--listen 99999 --to 8080', /--listen is '99999'/],
    [`${ends} --delay fast`, /--delay is 'fast'. Write a number/],
    [`${ends} --delay=`, /--delay is ''/],
    [`${ends} --delay=-5`, /delayMs is -5. Choose it from 0/],
    [`${ends} --loss 2`, /loss is 2. Choose it from 0 to 0.9/],
    [`${ends} --delay 5 --rtt 10`, /--rtt and --delay/],
    [`${ends} --jitter-shape gauss`, /uniform or exponential/],
    [`${ends} --speed 5`, /Unknown option '--speed'/],
    [`${ends} 5`, /Unexpected argument '5'/],
  ])('refuses %s, and says why', (line, message) => {
    expect(() => parse(line)).toThrow(message)
    expect(() => parse(line)).toThrow(expect.objectContaining({ code: 'BAD_ARGUMENT' }))
  })
})
