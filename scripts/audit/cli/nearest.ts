/** Which names somebody may have meant. */

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length]!;
}

/** Up to three names, the nearest first; none if nothing is near. */
export function nearest(name: string, names: Iterable<string>): string[] {
  const wanted = name.toLowerCase();
  const scored = [...new Set(names)].map((candidate) => {
    const text = candidate.toLowerCase();
    const inside = wanted.length > 2 && text.includes(wanted);
    return { candidate, score: inside ? 1 : distance(wanted, text) };
  });
  const most = Math.max(2, Math.floor(name.length / 3));
  return scored
    .filter((s) => s.score <= most)
    .sort((a, b) => a.score - b.score || a.candidate.length - b.candidate.length)
    .slice(0, 3)
    .map((s) => s.candidate);
}
