/** For each word of `second` whether `first` has it too, in the same order (their longest common subsequence). */
export function agreedWords(first: readonly string[], second: readonly string[]): boolean[] {
  const width = second.length + 1;
  // common[f * width + s]: how many words first[f..] and second[s..] share in order.
  const common = new Uint16Array((first.length + 1) * width);
  const at = (f: number, s: number): number => common[f * width + s] ?? 0;
  for (let f = first.length - 1; f >= 0; f--) {
    for (let s = second.length - 1; s >= 0; s--) {
      common[f * width + s] =
        first[f] === second[s] ? at(f + 1, s + 1) + 1 : Math.max(at(f + 1, s), at(f, s + 1));
    }
  }
  const agreed = second.map(() => false);
  for (let f = 0, s = 0; f < first.length && s < second.length; ) {
    if (first[f] === second[s]) {
      agreed[s++] = true;
      f++;
    } else if (at(f + 1, s) >= at(f, s + 1)) f++;
    else s++;
  }
  return agreed;
}
