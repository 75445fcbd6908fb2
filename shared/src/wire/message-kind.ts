/**
 * What a message on a link is: its first byte says so. Read by both sides before anything else; a byte that is none of these is malformed.
 */

/** Either direction: a msgpack map (control-codec, control-messages). */
export const CONTROL = 1
/** Client to server: inputs of some ticks (input-codec). */
export const INPUT = 2
/** Server to client: a frame, which begins with its private head (frame-head). */
export const SNAPSHOT = 3
/** The same of a room that has an epoch: a byte of that comes before the head (room-epoch). */
export const TAGGED_SNAPSHOT = 4
/**
 * As a tagged one, of a room that others stand by: after the tag a byte says how many of the newest ticks, this frame's included, they do not have yet (255: that many
 * or more). Events of those ticks are not final.
 */
export const PROVISIONAL_SNAPSHOT = 5

/** Grows with every change of the wire that an older side would misread. The handshake compares it. */
export const PROTOCOL_VERSION = 4
