/**
 * What one language says while the other speaks, and where its turns break off. Lists of phrases are patterns of
 * `PhraseSet`: words in lower case, `a|b` for either, `a?` for a word that may be absent.
 */
export interface Phrases {
  /** Wordless: humming, laughter, a cough, and the names a recogniser writes for them. */
  readonly sounds: readonly string[];
  /** Wordless too, but of one who looks for words. */
  readonly hesitations: readonly string[];
  /** Signs of listening, agreement and short assessments: they tell a speaker to go on. */
  readonly listening: readonly string[];
  /** What is said on picking up. */
  readonly hellos: readonly string[];
  /** What is said back to a goodbye. */
  readonly closings: readonly string[];
  /** Single words with which a sign of listening may begin as well as a sentence. */
  readonly openers: readonly string[];
  /** What stops a speaker, whatever follows. */
  readonly commands: readonly string[];
  /** What begins like a command and is none. */
  readonly innocent: readonly string[];
  /** Requests to wait. */
  readonly holds: readonly string[];
  /** What one says on remembering something: it stops a speaker, but asks for no time. */
  readonly afterthoughts: readonly string[];
  /** What may stand around a command or a request to wait without changing it. */
  readonly courtesies: readonly string[];
  /** Endings after which something has to follow. */
  readonly unfinished: readonly string[];
  /** Endings like these too, but for a clause that a question word has opened: "what is this about". */
  readonly stranded: readonly string[];
  readonly questionWords: readonly string[];
  /** Endings that look unfinished and are not; `^` stands for the start of the turn. */
  readonly finished: readonly string[];
  /** Number words and their digits. */
  readonly numbers: Readonly<Record<string, string>>;
  /** Words that say how often the next digit comes. */
  readonly repeats: Readonly<Record<string, number>>;
  /** Number words of quantities, which nobody dictates; the number of zeros they stand for. */
  readonly magnitudes: Readonly<Record<string, number>>;
  /** Days, as words and as phrases. */
  readonly days: readonly string[];
  /** What makes a day a time, besides a number. */
  readonly times: readonly string[];
  /** What the agent's question has in it when it asks for a phone number, an e-mail address, a day or time. */
  readonly asks: Readonly<Record<'phone' | 'email' | 'day', readonly string[]>>;
  /** What the caller says before dictating a number unasked. */
  readonly dictating: readonly string[];
  /** What the dot of an address is called. */
  readonly dots: readonly string[];
  /** What begins or makes up the answer of one who does not give a number or address. */
  readonly refusals: readonly string[];
  /** What stands between the options of a question. */
  readonly or: readonly string[];
}
