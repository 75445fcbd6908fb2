/**
 * What every part of a definition is checked for: names, counts and numbers. A failed check throws BAD_DEFINITION with the place and the remedy.
 */
import { FULL_TEXTS } from '#texts'
import { NetError } from '../error.ts'

/** Whoever defines a game meets its mistakes in development first: they do not depend on the player. */
const SHORT_TEXT = ['the definition is not sound.', 'A development build says where, and what to do.'] as const
const NAME = /^[a-zA-Z][a-zA-Z0-9]{0,39}$/

/** `text`: the problem and the remedy, as `FULL_TEXTS && [...]`, so that the pages that players load do without. */
export function wrong(text: false | readonly [problem: string, remedy: string]): NetError {
  return new NetError('BAD_DEFINITION', ...(text || SHORT_TEXT))
}

export function checkCount(place: string, count: number, least: number, most: number): void {
  if (count < least || count > most)
    throw wrong(FULL_TEXTS && [`${place} has ${count} entries.`, `Declare ${least} to ${most}.`])
}

/** `reserved` are names that what holds the name has for itself; those of every JavaScript object always are. */
export function checkName(place: string, name: string, reserved?: ReadonlySet<string>): void {
  if (!NAME.test(name)) {
    throw wrong(
      FULL_TEXTS && [`${place}: "${name}" is not a usable name.`, 'Use a letter, then letters and digits, 40 at most.'],
    )
  }
  if (name in Object.prototype || reserved?.has(name) === true) {
    throw wrong(FULL_TEXTS && [`${place}: the name "${name}" is taken already.`, 'Choose another name.'])
  }
}

export function checkWhole(place: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return
  throw wrong(FULL_TEXTS && [`${place} is ${String(value)}.`, `Give a whole number from ${least} to ${most}.`])
}

/** The entries of an object that a definition must have. */
export function entriesOf<T>(place: string, record: Readonly<Record<string, T>>): [string, T][] {
  if (typeof record === 'object' && record !== null) return Object.entries(record)
  throw wrong(
    FULL_TEXTS && [`${place} is ${String(record)}.`, 'Give an object with an entry for each name; {} for none.'],
  )
}

/** Catches `x: fixed` for `x: fixed(...)`, and numbers. */
export function checkField(place: string, field: unknown): void {
  if (typeof field === 'object' && field !== null && 'rawMin' in field) return
  throw wrong(FULL_TEXTS && [`${place} is not a field.`, 'Declare it by a call such as int(0, 100) or bool().'])
}
