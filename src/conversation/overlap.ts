import { detectOptOut } from '../outreach/outcome.ts';
import { isEcho, isOption, mayBecomeEcho } from './echo.ts';
import { phrasesFor } from './languages/choice.ts';
import { PhraseSet } from './languages/phrase-set.ts';
import type { Phrases } from './languages/phrases.ts';
import { wordsOf } from './languages/words.ts';
import type { CallerTurn } from './turn.ts';

/** What falls into the agent's speech. */
export interface Overlap {
  /** The caller's words so far, punctuated or bare. */
  readonly words: string;
  /** Nothing will be added to the words. */
  readonly final: boolean;
  /** BCP-47 tag of what the caller speaks. */
  readonly language: string;
  /** The agent's words that have just sounded or are sounding, newest last. */
  readonly heard: string;
  /** The agent's question is as good as heard, so that "yes" is an answer. */
  readonly answering: boolean;
  /** The agent is saying goodbye, so that "thanks, bye" is no interruption. */
  readonly leaving: boolean;
}

/** `interruption` stops the agent; the others let it go on: a sign of listening or noise, its own voice, or too little yet. */
export type Verdict = 'interruption' | 'backchannel' | 'echo' | 'unclear';

/**
 * Tells what the caller's words do to the agent's speech. Final words are never `unclear`, an answer is never a
 * `backchannel`, and a command always is an `interruption`, except for one of three words or more that the agent has just
 * said itself ("one moment please", "no contract that binds you").
 */
export function judge(overlap: Overlap): Verdict {
  const { heard, answering } = overlap;
  const words = wordsOf(overlap.words);
  if (words.length === 0) return 'backchannel';
  const lexicon = lexiconFor(overlap.language);
  const echo = isEcho(overlap.words, heard);
  if (commands(words, lexicon)) {
    return echo && words.length >= AGENTS_OWN_COMMAND_WORDS ? 'echo' : 'interruption';
  }
  if (echo && !(answering && isOption(overlap.words, heard, lexicon.phrases.or))) {
    return 'echo';
  }
  if (answering) return 'interruption';
  return meanwhile(words, overlap, lexicon);
}

/** Shorter commands are obeyed even if the agent has just said the same words: a caller may well say "hold on" then. */
const AGENTS_OWN_COMMAND_WORDS = 3;

/** True for words that stop the agent whatever it says ("stop", "wait", "no", "excuse me", an opt-out), with or without more behind them. */
export function isCommand(words: string, language: string): boolean {
  return commands(wordsOf(words), lexiconFor(language));
}

/** True for nothing but what one says on picking up ("hello?", "yes, hi"), which is no turn of its own. */
export function isHello(words: string, language: string): boolean {
  const said = wordsOf(words);
  return said.length > 0 && lexiconFor(language).hellos.covers(said);
}

/** True for nothing but a request to wait ("one moment please"), which needs no other answer than to wait. */
export function asksToHold(words: string, language: string): boolean {
  return holds(wordsOf(words), lexiconFor(language));
}

/** True for a turn that is answered by a rule, not by the model. */
export function isRuled({ words, fresh }: Pick<CallerTurn, 'words' | 'fresh'>, language: string): boolean {
  return detectOptOut(words) || asksToHold(fresh, language);
}

/** What words are that fall into a statement. */
function meanwhile(
  words: readonly string[],
  { final, leaving, ...overlap }: Overlap,
  lexicon: Lexicon,
): Verdict {
  if (!final && lexicon.hesitations.covers(words)) return 'unclear';
  const ignored = leaving ? lexicon.farewell : lexicon.listening;
  if (ignored.covers(words)) return 'backchannel';
  if (final) return 'interruption';
  if (words.length === 1 && lexicon.openers.covers(words)) return 'unclear';
  if ((ignored.begun(words) ?? UNDECIDED_WORDS + 1) <= UNDECIDED_WORDS) return 'unclear';
  return mayBecomeEcho(overlap.words, overlap.heard) ? 'unclear' : 'interruption';
}

/** How many words of a phrase that is not whole leave it open: "that makes", but not "that makes total". */
const UNDECIDED_WORDS = 2;

/** A command comes first, or after courtesies and what only begins like a command: "okay no problem, but stop". */
function commands(words: readonly string[], lexicon: Lexicon): boolean {
  for (let from = 0; from < words.length; ) {
    const innocent = lexicon.innocent.longest(words, from);
    const command = lexicon.commands.longest(words, from);
    if (command > innocent) return true;
    const next = innocent > from ? innocent : lexicon.courtesies.longest(words, from);
    if (next === from) return false;
    from = next;
  }
  return false;
}

function holds(words: readonly string[], lexicon: Lexicon): boolean {
  return lexicon.waiting.covers(words) && lexicon.holds.within(words) && !lexicon.afterthoughts.covers(words);
}

/** The lists of one language, made ready to be looked up. */
interface Lexicon {
  readonly phrases: Phrases;
  readonly hesitations: PhraseSet;
  readonly listening: PhraseSet;
  readonly farewell: PhraseSet;
  readonly openers: PhraseSet;
  readonly commands: PhraseSet;
  readonly innocent: PhraseSet;
  readonly holds: PhraseSet;
  readonly waiting: PhraseSet;
  readonly afterthoughts: PhraseSet;
  readonly courtesies: PhraseSet;
  readonly hellos: PhraseSet;
}

/** Lexicons that were needed so far: each is made once, and from nothing but its lists. */
const lexicons = new Map<Phrases, Lexicon>();

function lexiconFor(language: string): Lexicon {
  const phrases = phrasesFor(language);
  const known = lexicons.get(phrases) ?? lexiconOf(phrases);
  lexicons.set(phrases, known);
  return known;
}

function lexiconOf(phrases: Phrases): Lexicon {
  const ignored = [phrases.sounds, phrases.hesitations, phrases.listening];
  return {
    phrases,
    hesitations: new PhraseSet(phrases.hesitations),
    listening: new PhraseSet(...ignored),
    farewell: new PhraseSet(...ignored, phrases.closings),
    openers: new PhraseSet(phrases.openers),
    commands: new PhraseSet(phrases.commands, phrases.holds),
    innocent: new PhraseSet(phrases.innocent),
    holds: new PhraseSet(phrases.holds),
    waiting: new PhraseSet(phrases.holds, phrases.courtesies),
    afterthoughts: new PhraseSet(phrases.afterthoughts),
    courtesies: new PhraseSet(phrases.courtesies),
    hellos: new PhraseSet(phrases.hellos, phrases.sounds, phrases.hesitations),
  };
}
