/** The machine's monotonic clock in ms, the same in all processes: what one saw and another did can be set against each other. */
export function machineMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
