/**
 * `npm run synctest` and what it rests on: what is not deterministic is found and named, on either side; what is, passes.
 */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Rules } from '@tickmesh/server'
import { type Game, NetError, type Shape } from '@tickmesh/shared'
import { describe, expect, it } from 'vitest'
import { Lab } from '../src/lab/lab.ts'
import { loadGame } from '../src/synctest/games.ts'
import { runSyncTest } from '../src/synctest/sync-run.ts'
import { makePlanted, rules } from './planted-game.ts'

const MAIN = fileURLToPath(new URL('../src/synctest/main.ts', import.meta.url))
const PLANTED = fileURLToPath(new URL('./planted-game.ts', import.meta.url))

function played(side: 'server' | 'client') {
  return { game: makePlanted(side) as unknown as Game<Shape>, rules: rules as unknown as Rules<Shape> }
}

function command(...args: string[]): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--conditions=source', '--import', 'tsx', MAIN, ...args])
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += String(text)))
    child.on('close', (code) => resolve({ code, output }))
  })
}

describe('the sync test of a match', () => {
  it('names the field, the entity and the tick that a server computes otherwise the second time', async () => {
    const { difference } = await runSyncTest(played('server'), { seconds: 5, seed: 1 })
    expect(difference).toMatch(
      /tick 91 computed twice on the server differs in cart\.y of entity \d+: \d+ and \d+ \(raw\)/,
    )
  })

  it('names the field, the entity and the tick that a client computes otherwise when it goes back', async () => {
    const { difference } = await runSyncTest(played('client'), { seconds: 5, seed: 1 })
    expect(difference).toMatch(/tick 91 computed twice on the client differs in cart\.y of entity \d+: \d+ and \d+/)
  })

  it('finds it in development without being asked for', async () => {
    const lab = new Lab({ game: makePlanted('client'), rules, seed: 2 })
    const playing = async () => {
      await lab.join({ path: { rttMs: 40 } })
      await lab.run(3_000)
    }
    await expect(playing()).rejects.toThrow(NetError)
    await expect(lab.run(100)).rejects.toThrow(/computed twice on the client differs in cart\.y/)
  })

  it('passes games that are deterministic, in which clients went back', async () => {
    const duel = await loadGame('duel')
    expect(duel).toBeDefined()
    if (duel === undefined) return
    const result = await runSyncTest(duel, { seconds: 8, seed: 3 })
    expect(result.difference).toBeUndefined()
    expect(result.rollbacks).toBeGreaterThan(3)
    expect(result.serverTicks).toBeGreaterThan(480)
    expect(result.repeatedTicks).toBeGreaterThan(8 * 480)
  })

  it('is a command that ends with code 1 and a clear message if something differs, else with 0', async () => {
    const bad = await command('--game', PLANTED, '--seconds', '3')
    expect(bad.code).toBe(1)
    expect(bad.output).toContain('not deterministic: ')
    expect(bad.output).toContain('cart.y of entity')
    const good = await command('--game', 'duel', '--seconds', '2', '--json')
    expect(good.code).toBe(0)
    expect(JSON.parse(good.output.trim().split('\n').at(-1) ?? '')).toMatchObject({ game: 'duel', ok: true })
    expect((await command('--game', 'chess')).code).toBe(1)
  })
})
