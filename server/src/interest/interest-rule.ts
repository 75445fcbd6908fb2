/**
 * A rule of interest with its types set aside, as this folder calls it. `Interest` in room/api.ts is what a game author sees.
 */
export interface UntypedInterest {
  readonly grid?: {
    readonly x: string
    readonly y: string
    readonly radius: number
    readonly leaveRadius?: number
    readonly cell?: number
  }
  readonly always?: readonly string[]
  readonly budgetBytesPerSecond?: number
  readonly maxStalenessMs?: number
  center?(room: object, viewer: object): { readonly x: number; readonly y: number } | undefined
  visible?(room: object, viewer: object, entity: object): boolean
  priority?(room: object, viewer: object, entity: object): number
  hears?(room: object, viewer: object, event: string, fields: Readonly<Record<string, unknown>>): boolean
}
