/** Our gossip beside HashiCorp's own: real Serf agents (Debian's 0.9.4) on loopback. The tests run side by side, because Serf takes its time. */
import { describe, expect, test } from 'vitest'
import { Ends, eventually, hasSerf, SerfAgent, spawnShard, startShard } from './serf-rig.ts'

const KEY = Buffer.alloc(32, 42).toString('base64')

describe.runIf(hasSerf)('beside a real Serf agent', { concurrent: true }, () => {
  test('a shard is listed alive with its tags, nobody suspects it, and it is seen to leave', async ({
    onTestFinished,
  }) => {
    const ends = new Ends()
    onTestFinished(() => ends.endAll())
    const agent = await SerfAgent.start(ends, 'agent-a', ['-log-level=debug'])
    const shard = await startShard(ends, { name: 'shard-a', join: [agent.address], zone: 'z1' })
    await eventually('the shard to be alive', async () => (await agent.statusOf('shard-a')) === 'alive')
    await eventually('the shard to have its view', () => shard.status()?.views.phase === 'member')
    await eventually('its tags', async () => (await agent.members()).some(({ tags }) => tags.status === 'ready'))
    const listed = (await agent.members()).find(({ name }) => name === 'shard-a')
    expect(listed?.addr).toBe(shard.address)
    expect(listed?.tags).toMatchObject({
      role: 'tickmesh',
      cluster: 'serf-test',
      url: 'ws://127.0.0.1:8080',
      zone: 'z1',
      schema: 'abcd',
      life: shard.node?.life,
    })
    expect(Object.keys(listed?.tags ?? {})).toEqual(expect.arrayContaining(['capacity', 'status']))
    // Six of Serf's probes.
    await new Promise((resolve) => setTimeout(resolve, 6_000))
    expect(agent.log).not.toMatch(/[Ss]uspect/)
    expect(
      shard
        .status()
        ?.gossip.members.map(({ name, state }) => `${name} ${state}`)
        .sort(),
    ).toEqual(['agent-a alive', 'shard-a alive'])
    expect(shard.status()?.gossip.refused).toEqual({})
    await shard.close()
    await eventually('the shard to have left', async () => (await agent.statusOf('shard-a')) === 'left')
    await startShard(ends, { name: 'shard-a', join: [agent.address], port: Number(shard.address.split(':').at(-1)) })
    await eventually('the shard to be back', async () => (await agent.statusOf('shard-a')) === 'alive')
  })

  test('a shard that is killed is failed, and alive again when it comes back under its name', async ({
    onTestFinished,
  }) => {
    const ends = new Ends()
    onTestFinished(() => ends.endAll())
    const agent = await SerfAgent.start(ends, 'agent-b')
    const { address, child } = await spawnShard(ends, { name: 'shard-b', join: [agent.address] })
    await eventually('the shard to be alive', async () => (await agent.statusOf('shard-b')) === 'alive')
    child.kill('SIGKILL')
    await eventually('the shard to be failed', async () => (await agent.statusOf('shard-b')) === 'failed')
    const port = Number(address.split(':').at(-1))
    await startShard(ends, { name: 'shard-b', join: [agent.address], port })
    await eventually('the shard to be alive again', async () => (await agent.statusOf('shard-b')) === 'alive')
  })

  test('with a key a shard and an agent understand each other, and a shard without it stays out', async ({
    onTestFinished,
  }) => {
    const ends = new Ends()
    onTestFinished(() => ends.endAll())
    const agent = await SerfAgent.start(ends, 'agent-c', [`-encrypt=${KEY}`])
    const shard = await startShard(ends, { name: 'shard-c', join: [agent.address], keys: [KEY] })
    const outsider = await startShard(ends, { name: 'outsider', join: [agent.address] })
    await eventually('the shard to be alive', async () => (await agent.statusOf('shard-c')) === 'alive')
    await eventually('the agent to be known', () => shard.status()?.gossip.members.length === 2)
    expect(await agent.statusOf('outsider')).toBe('')
    expect(outsider.status()?.gossip.members).toHaveLength(1)
    await shard.close()
    await eventually('the shard to have left', async () => (await agent.statusOf('shard-c')) === 'left')
  })

  test('an agent that joins shards is an ordinary member that runs no rooms', async ({ onTestFinished }) => {
    const ends = new Ends()
    onTestFinished(() => ends.endAll())
    const first = await startShard(ends, { name: 'shard-d1' })
    const second = await startShard(ends, { name: 'shard-d2', join: [first.address], found: 'join' })
    await eventually('two shards to be in one view', () => second.status()?.views.view?.members.length === 2)
    const agent = await SerfAgent.start(ends, 'agent-d', [`-join=${first.address}`, '-disable-compression'])
    await eventually('the agent to see all', async () => {
      const members = await agent.members()
      return members.length === 3 && members.every(({ status }) => status === 'alive')
    })
    await eventually('the second shard to hear of it', () => second.status()?.gossip.members.length === 3)
    expect(
      second
        .status()
        ?.views.view?.members.map(({ name }) => name)
        .sort(),
    ).toEqual(['shard-d1', 'shard-d2'])
    const placed = await Promise.all(Array.from({ length: 8 }, () => second.create({})))
    const owners = placed.map((answer) => answer.kind)
    expect(owners.every((kind) => kind === 'here' || kind === 'there')).toBe(true)
  })
})
