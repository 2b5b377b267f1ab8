/**
 * The words of an utterance as a recogniser without punctuation would write them: lower case, apostrophes
 * dropped ("don't" is "dont"), anything else that is not a letter or a digit taken as a space.
 */
export function words(text: string): string[] {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/['’‘]/g, '')
    .split(/[^\p{L}\p{M}\p{N}]+/u)
    .filter((word) => word !== '');
}
