/** The inside of a room, for tests that must look at what a page cannot. */
import type { Room } from '@tickmesh/client'
import { type CompiledGame, type Shape, World } from '@tickmesh/shared'

interface Inside {
  readonly client: {
    readonly screen: { readonly world: { readonly game: CompiledGame } }
    readonly prediction: {
      readonly present: Int32Array
      readonly tick: number
      readonly inputTick: number
      readonly blocked: boolean
      advance(...latchAndScreen: readonly unknown[]): void
      readonly counts: { readonly skippedTicks: number; readonly resimulatedTicks: number }
    }
    readonly smoothing: { offsetOf(id: number, index: number): number }
  }
}

export function clientOf<S extends Shape>(room: Room<S>) {
  const { client } = room as unknown as Inside
  return {
    ...client,
    prediction: client.prediction,
    /** The offset with which an entity was drawn last, in raw units of the field at `index` of its type. */
    offsetOf: (id: number, index: number): number => client.smoothing.offsetOf(id, index),
    /** What this client has computed as its present. */
    presentWorld(): Room<S>['debug']['server'] {
      const world = new World(client.screen.world.game, { hidesServerFields: true })
      world.load(client.prediction.present)
      return world.byName as unknown as Room<S>['debug']['server']
    },
  }
}
