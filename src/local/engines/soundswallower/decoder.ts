import { type AcousticModel, type Native, type Resident, reside, textAt } from './native.ts';

/** A word of a hypothesis; times in ms from the start of the utterance. */
export interface HeardWord {
  readonly word: string;
  readonly startMs: number;
  readonly endMs: number;
}

/** What a decoder may hear: a weighted word graph and how its words sound, both in Sphinx text form. */
export interface Language {
  readonly fsg: Resident;
  readonly dictionary: Resident;
}

/** Search settings of soundswallower by their own names, for example `lw` or `beam`. */
export type SearchSettings = Readonly<Record<string, number>>;

/** Places a grammar in the recogniser's memory, where every decoder can read it. */
export function resideLanguage(native: Native, fsg: string, dictionary: string): Language {
  const encoder = new TextEncoder();
  return {
    fsg: reside(native, encoder.encode(fsg)),
    dictionary: reside(native, encoder.encode(dictionary)),
  };
}

const SAMPLE_RATE = 16_000;
/** `tmatfloor`, the model's own default. */
const TRANSITION_FLOOR = 0.0001;

/**
 * One search over one utterance at a time. It is meant to be kept and used again: `start`, `hear` until the
 * utterance ends, then `finish`. Throws when soundswallower reports a failure.
 */
export class Decoder {
  readonly #native: Native;
  readonly #decoder: number;
  readonly #acmod: number;
  readonly #fillers: Resident;
  #language: Language;
  #buffer = 0;
  #bufferBytes = 0;

  constructor(model: AcousticModel, language: Language, settings: SearchSettings) {
    const { native } = model;
    this.#native = native;
    const config = { samprate: SAMPLE_RATE, loglevel: 'FATAL', ...model.features, ...settings };
    const json = reside(native, new TextEncoder().encode(JSON.stringify(config)));
    this.#decoder = need(native._decoder_create(native._config_parse_json(0, json.at)), 'create');
    native._free(json.at);
    need(native._decoder_init_cleanup(this.#decoder) === 0, 'clean up');
    need(native._decoder_init_fe(this.#decoder), 'front end');
    need(native._decoder_init_feat_s3file(this.#decoder, 0), 'features');
    this.#acmod = need(native._decoder_init_acmod_pre(this.#decoder), 'acoustic model');
    this.#loadModel(model);
    this.#fillers = model.files['noisedict.txt'];
    this.#language = language;
    this.#learn(language);
  }

  /** Changes to another grammar unless it is the one in use. Not between `start` and `stop`. */
  learn(language: Language): void {
    if (language === this.#language) return;
    this.#learn(language);
    this.#language = language;
  }

  /** Forgets the voice and the line it has adapted to. Not between `start` and `stop`. */
  forgetSpeaker(): void {
    const frontEnd = need(this.#native._decoder_init_fe(this.#decoder), 'front end');
    const features = need(this.#native._decoder_init_feat_s3file(this.#decoder, 0), 'features');
    need(this.#native._acmod_reinit_feat(this.#acmod, frontEnd, features) >= 0, 'reset');
  }

  start(): void {
    need(this.#native._decoder_start_utt(this.#decoder) >= 0, 'start');
  }

  /** Searches on through samples of -1..1 at 16 kHz. `whole` says that they are the whole utterance. */
  hear(samples: Float32Array, whole = false): void {
    const native = this.#native;
    if (samples.byteLength > this.#bufferBytes) {
      native._free(this.#buffer);
      this.#bufferBytes = samples.byteLength;
      this.#buffer = need(native._malloc(this.#bufferBytes), 'memory');
    }
    native.HEAPF32.set(samples, this.#buffer >> 2);
    const rest = native._decoder_process_float32(
      this.#decoder,
      this.#buffer,
      samples.length,
      0,
      whole ? 1 : 0,
    );
    need(rest >= 0, 'search');
  }

  /** Ends the utterance and gives its words. */
  finish(): HeardWord[] {
    const soFar = this.words();
    this.stop();
    const words = this.words();
    // A search that lost the way to the grammar's end has no result, though it had a guess until then.
    return words.length > 0 ? words : soFar;
  }

  /** Ends the utterance. */
  stop(): void {
    need(this.#native._decoder_end_utt(this.#decoder) >= 0, 'stop');
  }

  /** The best guess so far; empty when nothing matched. */
  words(): HeardWord[] {
    const json = textAt(this.#native, this.#native._decoder_result_json(this.#decoder, 0, 0));
    return json === '' ? [] : parseResult(json);
  }

  #learn({ dictionary, fsg }: Language): void {
    const native = this.#native;
    const files = [dictionary, this.#fillers, fsg].map((content) => this.#open(content));
    const [words = 0, fillers = 0, graph = 0] = files;
    need(native._decoder_init_dict_s3file(this.#decoder, words, fillers), 'dictionary');
    need(native._decoder_init_grammar_s3file(this.#decoder, graph, 0) >= 0, 'grammar');
    for (const file of files) native._s3file_free(file);
  }

  #open({ at, bytes }: Resident): number {
    return this.#native._s3file_init(at, bytes);
  }

  #loadModel({ native, files }: AcousticModel): void {
    const mdef = this.#open(files.mdef);
    native._set_mdef(this.#decoder, need(native._bin_mdef_read_s3file(mdef, 0), 'mdef'));
    native._s3file_free(mdef);
    const matrices = this.#open(files.transition_matrices);
    const logmath = native._decoder_logmath(this.#decoder);
    native._set_tmat(
      this.#decoder,
      need(native._tmat_init_s3file(matrices, logmath, TRANSITION_FLOOR), 'tmat'),
    );
    native._s3file_free(matrices);
    const [means, variances, dump] = [files.means, files.variances, files.sendump].map((f) => this.#open(f));
    need(native._load_gmm(this.#decoder, means ?? 0, variances ?? 0, 0, dump ?? 0) >= 0, 'gaussians');
    need(native._decoder_init_acmod_post(this.#decoder) >= 0, 'scoring');
  }
}

function need<T extends number | boolean>(result: T, what: string): T {
  if (result === 0 || result === false) throw new Error(`recogniser: ${what} failed`);
  return result;
}

/** Fillers such as `<sil>` and `[NOISE]` are no words; a second pronunciation is written `word(2)`. */
function parseResult(json: string): HeardWord[] {
  // The shape is fixed by `decoder_result_json`: w holds one entry a word, b its start and d its length in seconds.
  const { w = [] } = JSON.parse(json) as { w?: { t: string; b: number; d: number }[] };
  return w
    .filter(({ t }) => !/^[<[(]/.test(t))
    .map(({ t, b, d }) => ({
      word: t.replace(/\(\d+\)$/, ''),
      startMs: Math.round(b * 1000),
      endMs: Math.round((b + d) * 1000),
    }));
}
