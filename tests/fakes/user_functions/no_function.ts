/** A module without a function. */
export const threshold = 0.3;
