/** The faults that a simulated run can have, by name, and what `--faults` takes. */
export const FAULTS = [
  'crash',
  'hang',
  'partition',
  'oneway',
  'reject',
  'loss',
  'burst',
  'duplicate',
  'reorder',
  'delay',
  'drift',
  'wall',
  'churn',
  'drain',
  'move',
  'cut-client',
  'step',
  'restart-all',
] as const

export type FaultName = (typeof FAULTS)[number]

/** `all`, `none`, or names with commas between. Throws for a name that is none. */
export function parseFaults(text: string): readonly FaultName[] {
  if (text === 'all') return FAULTS
  if (text === 'none' || text === '') return []
  return text.split(',').map((name) => {
    const found = FAULTS.find((fault) => fault === name)
    if (found === undefined)
      throw new Error(`there is no fault "${name}": choose all, none, or of ${FAULTS.join(', ')}.`)
    return found
  })
}
