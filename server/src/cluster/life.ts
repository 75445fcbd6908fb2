/**
 * Who a shard is, and where. A process that restarts is a new life at the same name. Used by everything in the cluster.
 */

/** 16 hexadecimal digits, drawn at random when a shard starts; never used again once it was removed from a view. */
export type Life = string

/** Host (an IP address) and port of a shard's cluster port, UDP and TCP alike: `10.0.0.4:7946`, `[fd00::4]:7946`. */
export type ClusterAddress = string

const LIFE = /^[0-9a-f]{16}$/

export function isLife(value: unknown): value is Life {
  return typeof value === 'string' && LIFE.test(value)
}

/** `random` gives 32 bits. */
export function drawLife(random: () => number): Life {
  return [random(), random()].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('')
}
