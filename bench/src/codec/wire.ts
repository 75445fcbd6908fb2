/** TEMPORARY: until the index exports these. */
export { SnapshotTrainer } from '../../../shared/src/wire/snapshot-trainer.ts'
export { SnapshotEncoder } from '../../../shared/src/wire/snapshot-encoder.ts'
export { SnapshotDecoder } from '../../../shared/src/wire/snapshot-decoder.ts'
export { createFrameHead, encodeFrameHead } from '../../../shared/src/wire/frame-head.ts'
export { ByteWriter } from '../../../shared/src/wire/byte-writer.ts'
export { InputCodec } from '../../../shared/src/wire/input-codec.ts'
export { InputRing } from '../../../shared/src/wire/input-ring.ts'
export { createInputHead } from '../../../shared/src/wire/input-head.ts'
