/**
 * Text as the pieces a model streams: words with the space before them, and each punctuation mark on its own.
 * The pieces joined are the text.
 */
export function tokensOf(text: string): string[] {
  return text.match(/ ?[\p{L}\p{N}\p{M}'’]+| ?[^\s\p{L}\p{N}\p{M}'’]|\s/gu) ?? [];
}
