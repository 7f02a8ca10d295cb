/**
 * Guesses which name was meant.
 *
 * @module
 */

/**
 * Which of the names was meant, if one comes near.
 *
 * @param given what was written.
 * @param names what could have been.
 */
export function closestName(given: string, names: Iterable<string>): string | undefined {
  let best: string | undefined;
  // A third of the letters may be wrong: more would make guesses of unrelated words.
  let least = Math.max(1, Math.floor(given.replace(/^-+/, "").length / 3)) + 1;
  for (const name of names) {
    const distance = editDistance(given.toLowerCase(), name.toLowerCase());
    // A name with not a letter in common is no guess, however short.
    if (distance < Math.min(least, Math.max(given.length, name.length))) [best, least] = [name, distance];
  }
  if (best === undefined && given.length > 3) return [...names].find((name) => name.startsWith(given));
  return best;
}

/** A question to end an error with: `: did you mean --window?`. Empty if none of the names comes near. */
export function didYouMean(given: string, names: Iterable<string>): string {
  const name = closestName(given, names);
  return name === undefined ? "" : `: did you mean ${name}?`;
}

/** How many letters must be changed, added, left out or swapped with their neighbour (optimal string alignment). */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row[j] = Math.min(change, last[j]! + 1, row[j - 1]! + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        row[j] = Math.min(row[j]!, beforeLast[j - 2]! + 1);
      }
    }
    [beforeLast, last] = [last, row];
  }
  return last[b.length]!;
}
