/** The types of the arena as the page and the bots see it: the joined room, and what a frame shows. No runtime code. */
import type { ReadonlyViewOf, ReadonlyWorldView, RecordOf } from '@tickmesh/shared'
import type { ArenaShape } from './game.ts'

export type FighterView = ReadonlyViewOf<ArenaShape, 'player'>
export type RocketView = ReadonlyViewOf<ArenaShape, 'rocket'>
export type PickupView = ReadonlyViewOf<ArenaShape, 'pickup'>
export type ArenaView = ReadonlyWorldView<ArenaShape>
export type ArenaEvents = { readonly [Name in keyof ArenaShape['events']]: RecordOf<ArenaShape['events'][Name]> }
/** The presses of the arena's input. */
export type PressName = 'fire' | 'altFire' | 'dash' | 'reload'
