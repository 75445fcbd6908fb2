/**
 * Typed messages between the server and one client: records of fields and bounded texts, carried reliably and in order.
 */
import { FULL_TEXTS } from '#texts'
import { wrong } from './checks.ts'

/** A text of bounded length. */
export interface Text {
  readonly kind: 'text'
  /** Most UTF-16 code units. */
  readonly maxLength: number
}

/** A text of at most `maxLength` UTF-16 code units (1 to 4,096). */
export function text(maxLength: number): Text {
  if (!(Number.isInteger(maxLength) && maxLength >= 1 && maxLength <= 4096)) {
    throw wrong(FULL_TEXTS && [`text(${maxLength}) is not possible.`, 'Choose 1 to 4096.'])
  }
  return { kind: 'text', maxLength }
}
