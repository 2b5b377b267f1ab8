import { parentPort, workerData } from 'node:worker_threads';
import { compileGrammar } from '../grammar/grammar.ts';
import { Lexicon } from '../grammar/lexicon.ts';
import type { RecogniserNews } from '../ports.ts';
import { Decoder, type Language, resideLanguage } from './decoder.ts';
import { DecoderPool } from './decoder-pool.ts';
import { Listener, type Review } from './listener.ts';
import { loadAcousticModel } from './native.ts';
import { loadVoiceActivity } from './voice-activity.ts';

/** What a recogniser can be told at its start. */
export interface RecogniserSettings {
  /**
   * Sentences that are likely to be heard beside what callers say in a sales call: the agent's own lines, names of
   * people, companies and products. Unknown words in them are sounded out by their letters.
   */
  readonly extraSentences?: readonly string[];
  /** Whether a finished segment is heard a second time; true unless told otherwise. */
  readonly secondPass?: boolean;
}

/** What the recogniser's thread is told. */
export type RecogniserOrder =
  | { readonly type: 'open'; readonly id: number; readonly keyterms: readonly string[] }
  | { readonly type: 'write'; readonly id: number; readonly samples: Int16Array }
  | { readonly type: 'endSegment' | 'close'; readonly id: number };

/** What it answers. */
export type RecogniserAnswer =
  | { readonly type: 'ready' }
  | { readonly type: 'opened'; readonly id: number }
  | { readonly type: 'refused'; readonly id: number; readonly error: string }
  | { readonly type: 'news'; readonly id: number; readonly news: RecogniserNews };

const port = parentPort;
if (port === null) throw new Error('recogniser-thread runs as a worker thread only');
const answer = (message: RecogniserAnswer): void => port.postMessage(message);

/** Language weight and word insertion penalty: the best of a small grid on the benchmark's recordings. */
const WEIGHTS = { lw: 6, wip: 0.2 };
/** Beams of the first pass, which has to keep up with speech, and of the second, which costs half as much again. */
const FIRST_PASS = { ...WEIGHTS, beam: 1e-32, pbeam: 1e-32, wbeam: 1e-20 };
const SECOND_PASS = { ...WEIGHTS, beam: 1e-44, pbeam: 1e-44, wbeam: 1e-26 };

// Only createSoundswallower starts this thread, with its own settings.
const { extraSentences = [], secondPass = true } = workerData as RecogniserSettings;
const model = await loadAcousticModel();
const createActivity = await loadVoiceActivity();
const lexicon = new Lexicon(model.dictionary);
const languages = new Map<string, Language>();
const pool = new DecoderPool(model, FIRST_PASS);
const listeners = new Map<number, { readonly listener: Listener; readonly decoder: Decoder }>();
const reviewer = secondPass ? new Decoder(model, languageFor([]), SECOND_PASS) : undefined;
pool.giveBack(pool.take(languageFor([])));

port.on('message', (order: RecogniserOrder) => {
  switch (order.type) {
    case 'open':
      open(order.id, order.keyterms);
      return;
    case 'write':
      listeners.get(order.id)?.listener.write(order.samples);
      return;
    case 'endSegment':
      listeners.get(order.id)?.listener.endSegment();
      return;
    case 'close':
      close(order.id);
      return;
    default:
      order satisfies never;
  }
});
answer({ type: 'ready' });

function open(id: number, keyterms: readonly string[]): void {
  try {
    const language = languageFor(keyterms);
    const decoder = pool.take(language);
    const report = (news: RecogniserNews): void => answer({ type: 'news', id, news });
    const listener = new Listener(decoder, createActivity(), reviewIn(language), report);
    listeners.set(id, { listener, decoder });
    answer({ type: 'opened', id });
  } catch (thrown) {
    answer({ type: 'refused', id, error: thrown instanceof Error ? thrown.message : String(thrown) });
  }
}

function close(id: number): void {
  const open = listeners.get(id);
  if (open === undefined) return;
  listeners.delete(id);
  open.listener.close();
  pool.giveBack(open.decoder);
}

function reviewIn(language: Language): Review | undefined {
  if (reviewer === undefined) return undefined;
  return (samples) => {
    reviewer.learn(language);
    reviewer.start();
    reviewer.hear(samples, true);
    return reviewer.finish();
  };
}

/** Calls of the same campaign share their key terms, so their grammar is compiled once. */
function languageFor(keyterms: readonly string[]): Language {
  const key = keyterms.join('\n');
  const known = languages.get(key);
  if (known !== undefined) return known;
  const { fsg, dictionary } = compileGrammar(lexicon, [...extraSentences, ...keyterms]);
  const language = resideLanguage(model.native, fsg, dictionary);
  languages.set(key, language);
  return language;
}
