/**
 * What rules say by a name and plain data, to be carried out later by a rule of that name: timers and effects. Checked when it is said; cold.
 */
import { assertPlain, copyPlain, encodeControl, NetError, type Plain } from '@tickmesh/shared'

/** A copy of `data` that stays as it is. Throws BAD_ARGUMENT if there is no such rule, or the data are not plain, or too large. */
export function checkedData(
  kind: 'timers' | 'effects',
  rules: Readonly<Record<string, unknown>> | undefined,
  said: { readonly name: string; readonly data: unknown; readonly maxBytes: number },
): Plain {
  const { name, data = null, maxBytes } = said
  if (typeof rules?.[name] !== 'function' || !Object.hasOwn(rules, name)) {
    throw new NetError('BAD_ARGUMENT', `there is no rule for "${name}".`, `Add rules.${kind}.${name}.`)
  }
  assertPlain(data, `the data of "${name}"`)
  const { length } = encodeControl(data)
  if (length > maxBytes) {
    const problem = `the data of "${name}" take ${length} bytes, at most ${maxBytes} are allowed.`
    throw new NetError('BAD_ARGUMENT', problem, 'Say less: what is in the world and in attributes is there anyway.')
  }
  return copyPlain(data)
}
