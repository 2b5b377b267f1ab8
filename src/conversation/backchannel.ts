/** Words that tell a speaker to go on. Said alone while the agent speaks, they are not an attempt to take the turn. */
const BACKCHANNELS: Readonly<Record<string, readonly string[]>> = {
  en: 'uh-huh uhhuh uh huh mm mmm mhm mm-hmm mhmm hmm hm um ah oh okay ok yeah yep yes right sure alright'.split(
    ' ',
  ),
};

/** True when the words, in the language of the BCP-47 tag, are nothing but backchannels. */
export function isBackchannel(text: string, language: string): boolean {
  const known = BACKCHANNELS[language.split('-')[0]?.toLowerCase() ?? ''] ?? [];
  const words = text.toLowerCase().match(/[\p{L}'-]+/gu) ?? [];
  return words.length > 0 && words.length <= 3 && words.every((word) => known.includes(word));
}
