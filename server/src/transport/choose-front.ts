/**
 * Which front listens: uWebSockets.js where it is installed and native, else `ws`; or the one that was named. Called by the composition root.
 */
import { NetError } from '@tickmesh/shared'
import type { Front, FrontName, FrontOptions } from './front.ts'
import { listenUws } from './uws-front.ts'
import { type FoundUws, findUws } from './uws-module.ts'
import { listenWs } from './ws-front.ts'

/** Throws what the fronts throw, and BAD_ARGUMENT if uWebSockets.js was named and cannot be had. */
export async function listenOn(
  transport: 'auto' | FrontName,
  options: FrontOptions,
  find: () => Promise<FoundUws> = findUws,
): Promise<Front> {
  if (transport === 'ws') return listenWs(options)
  const found = await find()
  if (found.found) return listenUws(found.uws, options)
  if (transport === 'auto') return listenWs(options)
  const remedy =
    'Install it from its GitHub tag (npm install uNetworking/uWebSockets.js#v20.51.0), or choose the transport "auto" or "ws".'
  throw new NetError('BAD_ARGUMENT', `${found.problem}.`, remedy)
}
