/**
 * The codecs and the scratch memory of one game, shared by all rooms of a process: they keep nothing between two calls.
 */
import { ByteReader, type CompiledGame, InputCodec, SnapshotEncoder } from '@tickmesh/shared'
import { FrameMemory } from './frame-memory.ts'

export interface WireTools {
  readonly encoder: SnapshotEncoder
  readonly inputCodec: InputCodec
  readonly reader: ByteReader
  readonly memory: FrameMemory
}

export function makeWireTools(game: CompiledGame): WireTools {
  return {
    encoder: new SnapshotEncoder(game),
    inputCodec: new InputCodec(game),
    reader: new ByteReader(),
    memory: new FrameMemory(),
  }
}
