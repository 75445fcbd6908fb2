/**
 * What a heap snapshot of V8 holds, by kind. What the engine makes of the program by itself (machine code, its tables, and lists of which code depends on
 * what) is counted apart: it grows for many minutes while functions get hot, whatever is given back, and hides what a join leaves behind. Pure.
 */

export interface HeapKind {
  readonly count: number
  readonly bytes: number
}

/** Of one process at one idle point. */
export interface HeapHoldings {
  /** Of that process's clock. */
  readonly atMs: number
  /** Of the program's own: objects, functions, strings, shapes, and the memory of typed arrays. */
  readonly bytes: number
  readonly compiledBytes: number
  /** The program's own, by type and name of the constructor. */
  readonly kinds: ReadonlyMap<string, HeapKind>
}

export interface GrownKind extends HeapKind {
  readonly kind: string
}

/** As V8 writes it: numbers in a row for each node, texts by number. */
interface Snapshot {
  readonly snapshot: {
    readonly meta: { readonly node_fields: readonly string[]; readonly node_types: readonly [readonly string[]] }
  }
  readonly nodes: readonly number[]
  readonly strings: readonly string[]
}

const COMPILED = 'code'
/** Hidden lists of this name say which machine code depends on a shape. */
const DEPENDENTS = 'hidden system / WeakArrayList'
/** Kinds whose nodes are named by what they say. */
const NAMELESS = ['string', 'concatenated string', 'sliced string', 'number', 'symbol', 'regexp']

export function heapHoldings(json: string, atMs: number): HeapHoldings {
  const { snapshot, nodes, strings } = JSON.parse(json) as Snapshot
  const { node_fields: fields, node_types: types } = snapshot.meta
  const [typeAt, nameAt, sizeAt] = ['type', 'name', 'self_size'].map((field) => fields.indexOf(field))
  if (typeAt === undefined || nameAt === undefined || sizeAt === undefined) throw new Error('a snapshot has no fields.')
  const kinds = new Map<string, { count: number; bytes: number }>()
  let bytes = 0
  let compiledBytes = 0
  for (let node = 0; node < nodes.length; node += fields.length) {
    const type = types[0][nodes[node + typeAt] ?? 0] ?? ''
    const name = strings[nodes[node + nameAt] ?? 0] ?? ''
    const size = nodes[node + sizeAt] ?? 0
    const kind = NAMELESS.includes(type) ? type : `${type} ${name}`
    if (type === COMPILED || kind === DEPENDENTS) {
      compiledBytes += size
      continue
    }
    bytes += size
    const known = kinds.get(kind)
    if (known === undefined) kinds.set(kind, { count: 1, bytes: size })
    else {
      known.count++
      known.bytes += size
    }
  }
  return { atMs, bytes, compiledBytes, kinds }
}

/** Which kinds take more bytes than before, most first. */
export function grownKinds(before: HeapHoldings, after: HeapHoldings): GrownKind[] {
  const grown: GrownKind[] = []
  for (const [kind, { count, bytes }] of after.kinds) {
    const known = before.kinds.get(kind)
    const more = bytes - (known?.bytes ?? 0)
    if (more > 0) grown.push({ kind, count: count - (known?.count ?? 0), bytes: more })
  }
  return grown.sort((a, b) => b.bytes - a.bytes)
}
