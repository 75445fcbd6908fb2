/**
 * A strict reader of Prometheus's text format, version 0.0.4, written from its specification: it throws at anything that the grammar does not allow.
 * For tests of `/metrics`, which must be read by programs that are not ours.
 */
export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface Family {
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary' | 'untyped'
  readonly help: string
  readonly samples: readonly Sample[]
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*'
const LABEL = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\["\\\\n])*"'
const VALUE = '[+-]?(?:\\d+(?:\\.\\d*)?(?:[eE][+-]?\\d+)?|Inf)|NaN'
const HELP = new RegExp(`^# HELP (${NAME}) (.*)$`)
const TYPE = new RegExp(`^# TYPE (${NAME}) (counter|gauge|histogram|summary|untyped)$`)
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(${LABEL}(?:,${LABEL})*)?,?\\})? (${VALUE})$`)

export function readPrometheus(text: string): Map<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line is not ended')
  const families = new Map<string, { type: Family['type']; help: string; samples: Sample[] }>()
  const seen = new Set<string>()
  let current = ''
  let help = ''
  for (const line of text.slice(0, -1).split('\n')) {
    if (line === '') continue
    const helped = HELP.exec(line)
    const typed = TYPE.exec(line)
    if (helped !== null) {
      current = helped[1] ?? ''
      help = helped[2] ?? ''
      if (families.has(current)) throw new Error(`${current} stands twice`)
    } else if (typed !== null) {
      if (typed[1] !== current) throw new Error(`TYPE of ${typed[1]} after HELP of ${current}`)
      families.set(current, { type: typed[2] as Family['type'], help, samples: [] })
    } else {
      const sample = readSample(line)
      const family = families.get(current)
      if (family === undefined || !belongs(sample.name, current, family.type)) throw new Error(`of no family: ${line}`)
      const series = `${sample.name} ${JSON.stringify(Object.entries(sample.labels).sort())}`
      if (seen.has(series)) throw new Error(`a series stands twice: ${line}`)
      seen.add(series)
      family.samples.push(sample)
    }
  }
  for (const [name, family] of families) checkFamily(name, family)
  return families
}

function readSample(line: string): Sample {
  const match = SAMPLE.exec(line)
  if (match === null) throw new Error(`not a sample: ${line}`)
  const labels = Object.fromEntries(
    [...(match[2] ?? '').matchAll(new RegExp(LABEL, 'g'))].map(([label]) => {
      const equals = label.indexOf('=')
      return [label.slice(0, equals), JSON.parse(label.slice(equals + 1)) as string]
    }),
  )
  const value = (match[3] ?? '').replace('Inf', 'Infinity')
  return { name: match[1] ?? '', labels, value: Number(value) }
}

function belongs(sample: string, family: string, type: Family['type']): boolean {
  if (type !== 'histogram') return sample === family
  return [`${family}_bucket`, `${family}_sum`, `${family}_count`].includes(sample)
}

function checkFamily(name: string, { type, samples }: Family): void {
  if (type === 'counter' && samples.some(({ value }) => !(value >= 0))) throw new Error(`${name} counts below 0`)
  if (type !== 'histogram') return
  const buckets = samples.filter((sample) => sample.name === `${name}_bucket`)
  const edges = buckets.map(({ labels }) => Number((labels.le ?? '').replace('Inf', 'Infinity')))
  if (edges.at(-1) !== Number.POSITIVE_INFINITY) throw new Error(`${name} has no +Inf bucket`)
  for (let n = 1; n < buckets.length; n++) {
    if (!((edges[n] ?? 0) > (edges[n - 1] ?? 0))) throw new Error(`${name}: edges are not in order`)
    if ((buckets[n]?.value ?? 0) < (buckets[n - 1]?.value ?? 0)) throw new Error(`${name}: buckets do not add up`)
  }
  const count = samples.find((sample) => sample.name === `${name}_count`)
  if (count?.value !== buckets.at(-1)?.value) throw new Error(`${name}: count is not that of the last bucket`)
}
