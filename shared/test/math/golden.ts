/** The bits that every engine must reproduce. A change here is a change of the simulation: old journals no longer replay. */

/** What `mathFingerprint()` returns. */
export const GOLDEN_MATH_FINGERPRINT = 0x6b7502ef
