/** The public surface of @tickmesh/shared: what a game author writes with, and what server and client build on. */
export { assert, NetError, type NetErrorCode } from './error.ts'
export type {
  CompiledEntity,
  CompiledField,
  CompiledGame,
  CompiledLevel,
  CompiledMessage,
  CompiledPress,
  CompiledRecord,
} from './game/compiled.ts'
export {
  COLUMN_FLAGS,
  COLUMN_ID,
  COLUMN_OWNER,
  FLAG_ASLEEP,
  HEADER_COUNTS,
  HEADER_TICK,
  SEAT_LEVELS,
  SEAT_PRESENT,
  TELEPORT_MASK,
} from './game/compiled.ts'
export {
  defineGame,
  type EntityDefinition,
  type Game,
  type GameDefinition,
  type OpaqueState,
  type Predict,
  type ShapeOf,
} from './game/define-game.ts'
export {
  type AnyField,
  angle,
  bool,
  type EntityId,
  entityRef,
  enumeration,
  type Field,
  fixed,
  flags,
  float32,
  int,
  NO_ENTITY,
  ownerOnly,
  serverOnly,
} from './game/field.ts'
export { codeFingerprint } from './game/fingerprint.ts'
export { axis, axis2, button, press, privateInput } from './game/input.ts'
export { text } from './game/message.ts'
export { type LinearMotion, linear, type MotionFunction } from './game/motion.ts'
export { fromRaw, toRaw } from './game/quantize.ts'
export type {
  AnyView,
  Attributes,
  EntityBase,
  EntityName,
  EntityTable,
  HeldView,
  InitOf,
  InputSample,
  InputView,
  Plain,
  PressKeys,
  RayHit,
  RayOptions,
  ReadonlyAnyView,
  ReadonlyEntityView,
  ReadonlyViewOf,
  ReadonlyWorldView,
  RecordOf,
  Seat,
  SeenWorld,
  Shape,
  StepContext,
  ViewOf,
  WorldView,
} from './game/shape.ts'
export { crc32 } from './journal/crc32.ts'
export { continueFrom, copySnapshots } from './journal/go-on.ts'
export { JournalError, type JournalProblem } from './journal/journal-error.ts'
export type { JournalNote, ReplayPlayer } from './journal/journal-note.ts'
export { JournalStream, type StreamMode } from './journal/journal-stream.ts'
export { JournalWriter, type JournalWriterOptions } from './journal/journal-writer.ts'
export { type Journal, type OpenOptions, openJournal } from './journal/open-journal.ts'
export type { JournalSink } from './journal/record-buffer.ts'
export { Replay, type ReplayEvent } from './journal/replay.ts'
export { Replica, type ReplicaHead } from './journal/replica.ts'
export { hashTick } from './journal/world-difference.ts'
export { POISON } from './link/buffer-pool.ts'
export {
  ChannelLink,
  type ChannelLinkOptions,
  type ChannelPort,
  MAX_CHANNEL_MESSAGE_BYTES,
} from './link/channel-link.ts'
export { fromWebSocketClose, isErrorCode, toWebSocketClose, WEBSOCKET_CLOSE_CODES } from './link/close-codes.ts'
export { DelayLine, type DelayLineOptions } from './link/delay-line.ts'
export { impairLink, type LinkImpairments } from './link/impaired-link.ts'
export { Impairment, type ImpairmentChange, type ImpairmentOptions } from './link/impairment.ts'
export type { CloseReason, Lane, Link, LinkReceiver } from './link/link.ts'
export { createLinkPair, type LinkPairOptions } from './link/memory-link.ts'
export {
  type NativeChannelEvents,
  type NativeChannelPeer,
  NativeChannels,
} from './link/native-channels.ts'
export { useNative } from './link/native-use.ts'
export { type Retry, retryOf } from './link/retry.ts'
export { exp, log } from './math/exponential.ts'
export { box, box3, capsule, capsule3, circle, type Hitbox, sphere } from './math/hitbox.ts'
export { acos, asin, atan, atan2 } from './math/inverse-trig.ts'
export { pow } from './math/pow.ts'
export { hash32, hashRandom, type RandomState, SeededRandom } from './math/random.ts'
export { rayBox, rayCapsule, rayCircle, rayOrientedBox, raySegment } from './math/rays2d.ts'
export { rayBox3, rayCapsule3, raySphere, rayYawBox3 } from './math/rays3d.ts'
export { angleDelta, clamp, hypot, lerp, roundHalfEven, wrapAngle } from './math/scalar.ts'
export { cos, sin, tan } from './math/trig.ts'
export { DeterminismGuard } from './sim/guard.ts'
export {
  MAX_EXTRAPOLATED_TICKS,
  makePastWorld,
  type SeatViews,
  SeenWorld as PastView,
  type SnapshotSource,
  worldAtStamp,
} from './sim/seen-world.ts'
export { Simulation, type SimulationOptions } from './sim/simulation.ts'
export type { QueuedCommand } from './sim/step-context.ts'
export { describeDifference, describeEffects, notDeterministic, SyncTest } from './sim/sync-test.ts'
export { ClockDiscipline } from './time/clock-discipline.ts'
export { type ClockEstimate, ClockFilter } from './time/clock-filter.ts'
export { PeerClock } from './time/peer-clock.ts'
export { WindowedQuantile } from './time/quantile.ts'
export type { Cancel, Scheduler } from './time/scheduler.ts'
export { VirtualScheduler } from './time/virtual-scheduler.ts'
export { type AttributePatch, applyPatch, diffAttributes } from './wire/attribute-patch.ts'
export type { BodyInput, BodyPart } from './wire/body-input.ts'
export { ByteReader } from './wire/byte-reader.ts'
export { ByteWriter } from './wire/byte-writer.ts'
export { decodeControl, encodeControl } from './wire/control-codec.ts'
export {
  type AttributesMessage,
  type ClientMessage,
  type HelloMessage,
  isRoomId,
  MAX_SPECTATOR_DELAY_MS,
  type MovedMessage,
  parseClientMessage,
  parseServerMessage,
  type ServerMessage,
  type WelcomeMessage,
} from './wire/control-messages.ts'
export {
  createFrameHead,
  decodeFrameHead,
  encodeFrameHead,
  type FrameHead,
  MAX_FRAME_HEAD_BYTES,
} from './wire/frame-head.ts'
export { InputCodec } from './wire/input-codec.ts'
export { InputEncoder } from './wire/input-encoder.ts'
export { createInputHead, type InputMessageHead, readInputHead } from './wire/input-head.ts'
export { InputRing, STAMP_INTS, TICK_STAMP } from './wire/input-ring.ts'
export { parseLobbyServerMessage } from './wire/lobby-answers.ts'
export {
  isLobbyAttributes,
  isLobbyChannel,
  isLobbyHello,
  type LobbyAttributes,
  type LobbyClientMessage,
  type LobbyFilter,
  type LobbyHello,
  type LobbyLine,
  type LobbyParty,
  type LobbyPerson,
  type LobbyPlace,
  type LobbyRoom,
  type LobbyRoomState,
  type LobbyServerMessage,
  MAX_LOBBY_NAME,
  MAX_LOBBY_TEXT,
  parseLobbyClientMessage,
  parseLobbyFilter,
  parseLobbyHello,
} from './wire/lobby-messages.ts'
export { isCount, isRecord, isText, isWhole, type Parsed } from './wire/message-checks.ts'
export { decodeMessage, encodeMessage } from './wire/message-codec.ts'
export {
  CONTROL,
  INPUT,
  PROTOCOL_VERSION,
  PROVISIONAL_SNAPSHOT,
  SNAPSHOT,
  TAGGED_SNAPSHOT,
} from './wire/message-kind.ts'
export { SERVER_CONTROL_LIMITS } from './wire/msgpack-scan.ts'
export { packControl } from './wire/pack-control.ts'
export { assertPlain, copyPlain, isPlainObject, type PlainObject } from './wire/plain-data.ts'
export { blankPrior, parsePrior } from './wire/prior.ts'
export { type EpochTriple, epochTag, isEpochTriple, isStaleEpoch, NO_TAG } from './wire/room-epoch.ts'
export { type DecodeStatus, SnapshotDecoder } from './wire/snapshot-decoder.ts'
export { SnapshotEncoder } from './wire/snapshot-encoder.ts'
export type { EventSource } from './wire/snapshot-events.ts'
export { Extrapolator, goesOnByItself } from './wire/snapshot-extrapolator.ts'
export {
  type FieldPlan,
  MAX_WINDOW_TICKS,
  type SnapshotLayout,
  type TypePlan,
} from './wire/snapshot-layout.ts'
export { linearTick } from './wire/snapshot-values.ts'
export { advanceByMotion } from './world/advance.ts'
export { EVENT_FIELDS, EVENT_INDEX, EVENT_KEY, EventLog } from './world/event-log.ts'
export { SnapshotRing } from './world/history.ts'
export { FRACTION_ONE, interpolate } from './world/interpolate.ts'
export { copyRow, findRow } from './world/rows.ts'
export { seatOfKey } from './world/spawn-key.ts'
export { type Table, type View, World } from './world/world.ts'
