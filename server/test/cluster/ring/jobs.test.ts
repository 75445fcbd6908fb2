import { describe, expect, it } from 'vitest'
import { JOB_RULES, type JobRules, Jobs } from '../../../src/cluster/ring/jobs.ts'
import { lifeOf, memberOf, viewOf } from './test-view.ts'

class Shard {
  readonly jobs: Jobs
  leaseEndMs = Number.NEGATIVE_INFINITY
  log: string[] = []

  constructor(number: number, rules: JobRules = JOB_RULES) {
    this.jobs = new Jobs({
      life: lifeOf(number),
      mayAct: (nowMs) => nowMs < this.leaseEndMs,
      leaseEndMs: () => this.leaseEndMs,
      rules,
    })
    this.jobs.register('matchmaking', {
      start: (nowMs) => this.log.push(`start ${nowMs}`),
      stop: (nowMs) => this.log.push(`stop ${nowMs}`),
    })
  }
}

const FIRST = viewOf([memberOf(0, { since: 3 }), memberOf(1, { since: 1 }), memberOf(2, { since: 2 })], 3)
const SECOND = viewOf([memberOf(0, { since: 3 }), memberOf(2, { since: 2 })], 4)

/**
 * The oldest hangs, is removed, wakes, and finds its lease over; each shard is called as often as it asks. Moments at which two might run, on the
 * clock that a test has and shards have not.
 */
function succession(rules?: JobRules) {
  const shards = [0, 1, 2].map((number) => new Shard(number, rules))
  const both: number[] = []
  let ran = 0
  for (let nowMs = 0; nowMs < 6_000; nowMs += 10) {
    shards.forEach((shard, i) => {
      const isCutOff = i === 1 && nowMs >= 1_000
      if (!isCutOff && nowMs % 100 === 0) shard.leaseEndMs = nowMs + 750
      if (nowMs === 0) shard.jobs.viewInstalled(FIRST, 0, nowMs)
      if (nowMs === 1_200 && i !== 1) shard.jobs.viewInstalled(SECOND, 1_650 + 188, nowMs)
      if (shard.jobs.nextMs <= nowMs) shard.jobs.tick(nowMs)
    })
    const running = shards.filter(({ jobs }) => jobs.mayRun(nowMs)).length
    if (running > 1) both.push(nowMs)
    if (running === 1) ran++
  }
  return { both, ran, logs: shards.map(({ log }) => log) }
}

describe('jobs that run once in the cluster', () => {
  it('run at the oldest member under its lease, and at the next oldest once that lease is over', () => {
    const { both, ran, logs } = succession()
    expect(both).toEqual([])
    expect(ran).toBeGreaterThan(500)
    expect(logs).toEqual([[], ['start 0', 'stop 1650'], ['start 1840']])
  })

  it.each([
    ['nobody waits for the lease of the oldest that was removed', { mayRun: (at) => at.isOldest && at.mayAct }],
    ['a lease is not looked at', { mayRun: (at) => at.isOldest && at.nowMs >= at.takeoverFromMs }],
  ] satisfies [string, JobRules][])('would run twice if %s', (_mistake, rules) => {
    expect(succession(rules).both).not.toEqual([])
  })

  it('stop and start with the lease, and ask for no call that does nothing', () => {
    const shard = new Shard(1)
    shard.jobs.viewInstalled(FIRST, 0, 0)
    expect(shard.jobs.nextMs).toBe(Number.POSITIVE_INFINITY)
    shard.leaseEndMs = 500
    expect(shard.jobs.nextMs).toBe(0)
    shard.jobs.tick(100)
    expect(shard.jobs.nextMs).toBe(500)
    shard.jobs.tick(500)
    expect(shard.jobs.nextMs).toBe(Number.POSITIVE_INFINITY)
    shard.leaseEndMs = 900
    shard.jobs.tick(600)
    shard.jobs.stop(700)
    shard.jobs.tick(710)
    expect(shard.log).toEqual(['start 100', 'stop 500', 'start 600', 'stop 700'])
    expect(shard.jobs.runner).toBeUndefined()
  })

  it('have names of their own', () => {
    const shard = new Shard(1)
    const job = { start: () => {}, stop: () => {} }
    expect(() => shard.jobs.register('matchmaking', job)).toThrow('there is a job "matchmaking"')
  })
})
