/**
 * What a voter has been asked for and has not seen done: joins and changes of descriptions. Bounded; whoever still wants something says so again.
 */
import type { Life } from '../life.ts'
import { MAX_CHANGES, MAX_JOINS, type MemberChange, type NewMember } from './next-view.ts'
import { memberOf, type View } from './view.ts'

const KEPT_MS = 3_000
const MAX_WAITING_JOINS = 128

export class Wishes {
  readonly #joins = new Map<Life, { readonly member: NewMember; untilMs: number }>()
  readonly #changes = new Map<Life, { readonly change: MemberChange; untilMs: number }>()

  /** False: too many wait. */
  join(member: NewMember, nowMs: number): boolean {
    if (this.#joins.size >= MAX_WAITING_JOINS && !this.#joins.has(member.life)) return false
    this.#joins.set(member.life, { member, untilMs: nowMs + KEPT_MS })
    return true
  }

  /** Of a member only, so there are never more than members. */
  change(change: MemberChange, nowMs: number): void {
    this.#changes.set(change.life, { change, untilMs: nowMs + KEPT_MS })
  }

  /** Drops what is old, and what the view shows already. */
  expire(view: View, nowMs: number): void {
    for (const [life, { untilMs }] of this.#joins) {
      if (nowMs >= untilMs || memberOf(view, life) !== undefined) this.#joins.delete(life)
    }
    for (const [life, { change, untilMs }] of this.#changes) {
      const member = memberOf(view, life)
      const done =
        member === undefined ||
        (member.weight === change.weight && member.draining === change.draining && member.zone === change.zone)
      if (done || nowMs >= untilMs) this.#changes.delete(life)
    }
  }

  get joins(): NewMember[] {
    return [...this.#joins.values()].slice(0, MAX_JOINS).map(({ member }) => member)
  }

  get changes(): MemberChange[] {
    return [...this.#changes.values()].slice(0, MAX_CHANGES).map(({ change }) => change)
  }

  get empty(): boolean {
    return this.#joins.size === 0 && this.#changes.size === 0
  }
}
