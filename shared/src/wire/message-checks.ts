/** What parsers of control messages ask of each property, and how they answer. None throws. Used by control-messages.ts and lobby-messages.ts. */

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
