/**
 * `npm run bench -- codec [--json] [--seconds 30]`: what a snapshot of 100 players costs on the wire, with an expectation by motion, by a straight line and
 * without one, and with a baseline three snapshots old; what the uplink costs; and the same workload as others would send it.
 */
import { numberOption } from '../figures.ts'
import { finish, heading, judged, progress, table } from '../report.ts'
import { makeArena, PLAYERS, SNAPSHOT_RATE, TICK_RATE } from './arena-game.ts'
import { type Measured, measure } from './measure.ts'
import { measurePeers } from './peers.ts'
import { measureUplink } from './uplink.ts'

/** In bytes per client and second. */
const GOALS = { motion: 2000, linear: 7000, motionOldBaseline: 3100 }
const OLD_SNAPSHOTS = 3

export async function run(args: readonly string[]): Promise<void> {
  const seconds = numberOption(args, 'seconds', 30, 5, 3600)
  heading(`Codec: ${PLAYERS} players, ${TICK_RATE} Hz simulation, ${SNAPSHOT_RATE} Hz snapshots, ${seconds} s each`)
  progress(
    'Players change direction every 0.25 to 1.2 s, turn at 1 rad/s (root mean square), press, lose and gain health.',
  )
  progress('Whole frames as WebSocket payload; every decoded integer is compared with the truth.')
  const motionGame = makeArena('motion')
  const motion = measure(motionGame, seconds, 1)
  const linear = measure(makeArena('linear'), seconds, 1)
  const plain = measure(makeArena('plain'), seconds, 1)
  const motionOldBaseline = measure(motionGame, seconds, OLD_SNAPSHOTS)
  const uplink = measureUplink(motionGame, seconds)
  const peers = measurePeers(motionGame, seconds)
  const rows: readonly (readonly [string, Measured, string])[] = [
    ['motion', motion, judged(motion.bytesPerClientPerSecond, GOALS.motion)],
    ['linear', linear, judged(linear.bytesPerClientPerSecond, GOALS.linear)],
    ['plain', plain, String(plain.bytesPerClientPerSecond)],
    [
      'motion, baseline 3 old',
      motionOldBaseline,
      judged(motionOldBaseline.bytesPerClientPerSecond, GOALS.motionOldBaseline),
    ],
  ]
  table([
    ['expectation', 'B/s per client', 'bits/entity', 'encode us', 'decode us', 'mismatches'],
    ...rows.map(([name, measured, bytes]) => [
      name,
      bytes,
      measured.bitsPerEntity.toFixed(2),
      measured.encodeMicros.toFixed(1),
      measured.decodeMicros.toFixed(1),
      String(measured.mismatches),
    ]),
  ])
  table([
    ['beside it', 'B/s'],
    ['uplink, 60 inputs a second', String(uplink.uplinkBytesPerSecond)],
    ['Float32 deltas, by hand', String(peers.float32BytesPerSecond)],
    ['msgpackr maps', String(peers.msgpackrMapsBytesPerSecond)],
  ])
  const all = { motion, linear, plain, motionOldBaseline }
  const pick = (key: keyof Measured) =>
    Object.fromEntries(Object.entries(all).map(([name, measured]) => [name, measured[key]]))
  const mismatches = rows.reduce((sum, [, measured]) => sum + measured.mismatches, uplink.mismatches)
  finish(args, {
    bytesPerClientPerSecond: pick('bytesPerClientPerSecond'),
    uplinkBytesPerSecond: uplink.uplinkBytesPerSecond,
    bitsPerEntity: pick('bitsPerEntity'),
    encodeMicros: motion.encodeMicros,
    decodeMicros: motion.decodeMicros,
    mismatches,
    ...peers,
  })
  if (mismatches > 0) process.exitCode = 1
}
