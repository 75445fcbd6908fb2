/**
 * One siege: a real server, honest players and attackers, each in a process of its own; calm and attack by turns; what became of all.
 * Called by the command and its tests. Whatever happens, no process is left behind.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { Child } from '../child.ts'
import { round } from '../figures.ts'
import type { AttackOutcome } from './attack-tally.ts'
import type {
  AttackerReport,
  HonestReport,
  Intensity,
  Order,
  ServerFigures,
  ServerReport,
  ServerSetup,
  Transport,
} from './messages.ts'
import { cpuShare, latenessRatio, type Ratio, type Side, type Stretch, type StretchPlan, sideOf } from './stretches.ts'

export interface SiegePlan {
  readonly transport: Transport
  readonly webrtc: boolean
  readonly attacks: readonly string[]
  readonly players: number
  readonly stretches: StretchPlan
  readonly warmUpMs: number
  /** An attack before all others that is not measured, but for memory: code runs slowly when it runs first. */
  readonly rehearsalMs: number
  /** After an attack: at most so long until what attackers left (seats and rooms that are kept for a while) is gone. Calm would be none before. */
  readonly restMs: number
  readonly intensity: Intensity
  readonly seed: number
  readonly fault?: ServerSetup['fault']
  /** Says what is going on. */
  readonly onStage?: (what: string) => void
}

export interface SiegeResult {
  readonly transport: string
  /** The server ended, or an error was caught by nobody. To reach: 0. */
  readonly crashes: number
  readonly problems: readonly string[]
  /** p99 of how late the honest room's ticks began, with attack over without. To reach: 1.1. */
  readonly honestTickLatenessRatio: number
  /** How far that depends on single stretches. */
  readonly honestTickLatenessSpread: Ratio
  /** The same without what the server waited for a core: what other programs on a busy machine do falls out. */
  readonly ownLatenessRatio: Ratio
  /** To reach: 0. */
  readonly honestDisconnects: number
  readonly disconnectReasons: readonly string[]
  /** After collections, from the end of the warm-up to the end. To reach: 50. */
  readonly rssGrowthMb: number
  readonly heapGrowthMb: number
  readonly rssMb: number
  /** The most that was seen between stretches. */
  readonly rssPeakMb: number
  readonly calm: Side
  readonly attack: Side
  /** Share of one core that the attackers took, run last by the system. */
  readonly attackerCpu: number
  readonly peersDropped: number
  readonly logLines: number
  readonly errorsLogged: number
  readonly roomsLeft: number
  readonly attacks: readonly AttackOutcome[]
}

/** How often the server is asked whether it is at rest. */
const SETTLE_MS = 1_500
/**
 * As docs/operations.md advises. Without it each collection that the bench asks for before it measures would shrink the young generation to 1 MB, which then overflows
 * several times a second.
 */
const SERVER_FLAGS = ['--min-semi-space-size=16']

type ServerChild = Child<Order, ServerReport>
type HonestChild = Child<Order, HonestReport>
type AttackerChild = Child<Order, AttackerReport>

export async function runSiege(plan: SiegePlan): Promise<SiegeResult> {
  const server: ServerChild = new Child(
    'server',
    new URL('./server-process.ts', import.meta.url),
    { transport: plan.transport, webrtc: plan.webrtc, fault: plan.fault },
    true,
    SERVER_FLAGS,
  )
  const children: { stop(order: Order): Promise<void> }[] = [server]
  const siege = new Siege(plan, server)
  try {
    const { port, path, transport } = await server.ask('listening')
    const url = `ws://127.0.0.1:${port}${path}`
    const honest: HonestChild = new Child('honest', new URL('./honest-process.ts', import.meta.url), {
      url,
      seed: plan.seed,
      players: plan.players,
    })
    children.unshift(honest)
    const attackers: AttackerChild = new Child('attacker', new URL('./attacker-process.ts', import.meta.url), {
      port,
      path,
      seed: plan.seed,
      attacks: plan.attacks,
      intensity: plan.intensity,
    })
    children.unshift(attackers)
    await Promise.race([
      honest.ask('joined'),
      failure(honest),
      attackers.ask('ready').then(() => new Promise(() => {})),
    ])
    await siege.run(honest, attackers)
    return siege.result(transport)
  } catch (error) {
    // What a dead server ends is not a failure of the bench: it is its result.
    if (!server.crashed || !siege.began) throw error
    return siege.result(plan.transport)
  } finally {
    for (const child of children) await child.stop({ order: 'stop' })
  }
}

async function failure(honest: HonestChild): Promise<never> {
  const { problem } = await honest.ask('failed', undefined, 60_000)
  throw new Error(`the honest players could not join: ${problem}`)
}

class Siege {
  private readonly plan: SiegePlan
  private readonly server: ServerChild
  private readonly calm: Stretch[] = []
  private readonly attack: Stretch[] = []
  private readonly spent: { cpuMicros: number; wallMs: number }[] = []
  private readonly problems: string[] = []
  private outcomes: readonly AttackOutcome[] = []
  private before: ServerFigures | undefined
  private after: ServerFigures | undefined

  constructor(plan: SiegePlan, server: ServerChild) {
    this.plan = plan
    this.server = server
    server.onReport = (report) => {
      if (report.report === 'uncaught') this.problems.push(report.problem)
    }
  }

  get began(): boolean {
    return this.before !== undefined
  }

  async run(honest: HonestChild, attackers: AttackerChild): Promise<void> {
    const { plan, server } = this
    const { lengthsMs } = plan.stretches
    plan.onStage?.('warm-up')
    this.before = (await server.ask('figures', { order: 'tell' })).figures
    await wait(plan.warmUpMs)
    this.before = (await server.ask('figures', { order: 'tell' })).figures
    if (plan.rehearsalMs > 0) {
      plan.onStage?.('rehearsal')
      attackers.order({ order: 'start' })
      await wait(plan.rehearsalMs)
      await attackers.ask('resting', { order: 'rest' })
      await this.atRest()
    }
    for (const [n, lengthMs] of lengthsMs.entries()) {
      plan.onStage?.(`calm and attack ${n + 1} of ${lengthsMs.length}`)
      this.calm.push(await this.measure(honest, lengthMs))
      attackers.order({ order: 'start' })
      this.attack.push(await this.measure(honest, lengthMs))
      this.spent.push(await attackers.ask('resting', { order: 'rest' }))
      this.outcomes = (await attackers.ask('outcomes', { order: 'tell' })).outcomes
      // What attackers left goes.
      await this.atRest()
    }
    this.after = await this.atRest()
  }

  private async atRest(): Promise<ServerFigures> {
    const untilMs = performance.now() + this.plan.restMs
    for (;;) {
      await wait(Math.min(SETTLE_MS, this.plan.restMs))
      const { figures } = await this.server.ask('figures', { order: 'tell' })
      if (figures.rooms <= 1 || performance.now() > untilMs) return figures
    }
  }

  private async measure(honest: HonestChild, ms: number): Promise<Stretch> {
    await this.server.ask('started', { order: 'start' })
    honest.order({ order: 'start' })
    await wait(ms)
    const { figures } = await this.server.ask('figures', { order: 'tell' })
    return { server: figures, honest: (await honest.ask('figures', { order: 'tell' })).figures }
  }

  result(transport: string): SiegeResult {
    const { calm, attack, before, after, problems, server } = this
    if (server.crashed) {
      problems.push(`the server process ended: exit ${server.exit?.code ?? server.exit?.signal}. ${server.lastWords}`)
    }
    const honest = (calm.length > attack.length ? calm : attack).at(-1)?.honest
    const ratio = latenessRatio(calm, attack, 'honestLatenessMs')
    return {
      transport,
      crashes: problems.length,
      problems: [...problems, ...(after?.firstErrors ?? [])],
      honestTickLatenessRatio: ratio.value,
      honestTickLatenessSpread: ratio,
      ownLatenessRatio: latenessRatio(calm, attack, 'honestOwnLatenessMs'),
      honestDisconnects: server.crashed ? this.plan.players : (honest?.disconnects ?? 0),
      disconnectReasons: honest?.reasons ?? [],
      rssGrowthMb: round((after?.rssMb ?? Number.NaN) - (before?.rssMb ?? 0), 1),
      heapGrowthMb: round((after?.heapMb ?? Number.NaN) - (before?.heapMb ?? 0), 1),
      rssMb: after?.rssMb ?? Number.NaN,
      rssPeakMb: Math.max(0, ...[...calm, ...attack].map((stretch) => stretch.server.rssMb)),
      calm: sideOf(calm),
      attack: sideOf(attack),
      attackerCpu: cpuShare(this.spent),
      peersDropped: after?.peersDropped ?? 0,
      logLines: after?.logLines ?? 0,
      errorsLogged: after?.errors ?? 0,
      roomsLeft: after?.rooms ?? 0,
      attacks: this.outcomes,
    }
  }
}
