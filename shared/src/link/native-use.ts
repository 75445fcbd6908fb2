/**
 * Counts who uses the native WebRTC library of a process, so that the last one ends its threads: else the process stays alive. Called by the shells of
 * server and client, which may be in one process and know nothing of each other; the library's `cleanup` would end the peers of both.
 * Keeps the count in `holder`, which all of them share: `globalThis`.
 */

const COUNT = Symbol.for('tickmesh.webrtc.users')

/** Returns how to end this use: once, later calls do nothing. `cleanup` runs when nobody is left. */
export function useNative(holder: object, cleanup: () => void): () => void {
  const counts = holder as { [COUNT]?: number }
  counts[COUNT] = (counts[COUNT] ?? 0) + 1
  let used = true
  return () => {
    if (!used) return
    used = false
    counts[COUNT] = (counts[COUNT] ?? 1) - 1
    if (counts[COUNT] === 0) cleanup()
  }
}
