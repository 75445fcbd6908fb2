/** What parsers of messages ask of each property, and how they answer. None throws. Used for what clients say and hear, and for what shards say to each other. */

export type Parsed<Message> =
  | { readonly ok: true; readonly message: Message }
  | { readonly ok: false; readonly problem: string }

export function accept<Message>(message: Message): Parsed<Message> {
  return { ok: true, message }
}

export function refuse(problem: string): { readonly ok: false; readonly problem: string } {
  return { ok: false, problem }
}

export function isWhole(value: unknown, least: number, most: number): value is number {
  return Number.isInteger(value) && Number(value) >= least && Number(value) <= most
}

/** A whole number from 0. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** `most`: UTF-16 code units. */
export function isText(value: unknown, most: number): value is string {
  return typeof value === 'string' && value.length <= most
}

/** The properties that are there. */
export function given<Optional extends object>(
  optional: Optional,
): { [K in keyof Optional]?: Exclude<Optional[K], undefined> } {
  return Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)) as {
    [K in keyof Optional]?: Exclude<Optional[K], undefined>
  }
}

/** Absent, or as `check` wants it. */
export function isOptional<Value>(
  value: unknown,
  check: (there: unknown) => there is Value,
): value is Value | undefined {
  return value === undefined || check(value)
}

/** What each property of a server's message must be. Clients only ever ask whether a message is sound, so a refusal says no more than which one is not. */
export type Check<Value> = (value: unknown) => value is Value
export type Checks<Message> = {
  readonly [K in Exclude<keyof Message, 't'>]-?: Check<
    Record<never, never> extends Pick<Message, K> ? Message[K] | undefined : Message[K]
  >
}

export const whole =
  (least: number, most: number): Check<number> =>
  (value) =>
    isWhole(value, least, most)
export const text =
  (most: number): Check<string> =>
  (value) =>
    isText(value, most)
export const optional =
  <Value>(check: Check<Value>): Check<Value | undefined> =>
  (value) =>
    isOptional(value, check)

/** A new object of those properties that `checks` names and that are there. */
export function take<Message extends { readonly t: string }>(
  t: Message['t'],
  value: Readonly<Record<string, unknown>>,
  checks: Readonly<Record<string, Check<unknown>>>,
): Parsed<Message> {
  const message: Record<string, unknown> = { t }
  for (const [name, check] of Object.entries(checks)) {
    const there = value[name]
    if (!check(there)) return refuse(`${t}.${name} is not what it must be`)
    if (there !== undefined) message[name] = there
  }
  return accept(message as unknown as Message)
}
