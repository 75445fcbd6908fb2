/** Rooms that nobody moves: for hosts of nodes whose tests are about something else. */
import type { MoveKeeper } from '../../../src/cluster/migrate/migrate-api.ts'

export const NO_MOVES: Omit<MoveKeeper, 'close'> = {
  announce: () => {},
  connected: () => 0,
  bestHaltMs: () => 0,
  halt: () => undefined,
  goOn: () => {},
  calledOff: () => {},
  handedOver: () => {},
  expect: () => {},
  arrived: () => 0,
  openAt: () => false,
}
