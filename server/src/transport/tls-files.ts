/**
 * Reads a certificate and its key, and sees that they belong together: here, because uWebSockets.js would only fail to listen. Called by both fronts.
 */
import { readFile } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import { NetError } from '@tickmesh/shared'
import type { TlsFiles } from './front.ts'

/** Throws BAD_ARGUMENT with what is wrong. */
export async function readTlsFiles({ certFile, keyFile }: TlsFiles): Promise<{ cert: Buffer; key: Buffer }> {
  try {
    const [cert, key] = await Promise.all([readFile(certFile), readFile(keyFile)])
    createSecureContext({ cert, key })
    return { cert, key }
  } catch (error) {
    const problem = `the certificate cannot be used: ${error instanceof Error ? error.message : String(error)}.`
    throw new NetError(
      'BAD_ARGUMENT',
      problem,
      'Name a PEM certificate and its own key by tls.certFile and tls.keyFile.',
    )
  }
}
