import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import createModule from 'soundswallower';

/** An address in the recogniser's memory; 0 means failure. */
type Pointer = number;

/**
 * The functions of soundswallower 0.6.3 (`js/soundswallower.c`, `src/decoder.c`) that decoding needs. They are called
 * directly because the package's own loader writes past its buffers and keeps a copy of the model for each decoder.
 */
export interface Native {
  readonly HEAPU8: Uint8Array;
  readonly HEAPF32: Float32Array;
  _malloc(bytes: number): Pointer;
  _free(at: Pointer): void;
  _s3file_init(at: Pointer, bytes: number): Pointer;
  _s3file_free(file: Pointer): number;
  _config_parse_json(config: Pointer, json: Pointer): Pointer;
  _decoder_create(config: Pointer): Pointer;
  _decoder_free(decoder: Pointer): number;
  _decoder_init_cleanup(decoder: Pointer): number;
  _decoder_init_fe(decoder: Pointer): Pointer;
  _decoder_init_feat_s3file(decoder: Pointer, lda: Pointer): Pointer;
  _decoder_init_acmod_pre(decoder: Pointer): Pointer;
  _decoder_init_acmod_post(decoder: Pointer): number;
  _acmod_reinit_feat(acmod: Pointer, frontEnd: Pointer, features: Pointer): number;
  _bin_mdef_read_s3file(file: Pointer, phonesOnly: number): Pointer;
  _set_mdef(decoder: Pointer, mdef: Pointer): void;
  _decoder_logmath(decoder: Pointer): Pointer;
  _tmat_init_s3file(file: Pointer, logmath: Pointer, floor: number): Pointer;
  _set_tmat(decoder: Pointer, tmat: Pointer): void;
  _load_gmm(decoder: Pointer, means: Pointer, variances: Pointer, weights: Pointer, dump: Pointer): number;
  _decoder_init_dict_s3file(decoder: Pointer, words: Pointer, fillers: Pointer): Pointer;
  _decoder_init_grammar_s3file(decoder: Pointer, fsg: Pointer, jsgf: Pointer): number;
  _decoder_start_utt(decoder: Pointer): number;
  _decoder_process_float32(
    decoder: Pointer,
    samples: Pointer,
    count: number,
    noSearch: number,
    whole: number,
  ): number;
  _decoder_end_utt(decoder: Pointer): number;
  _decoder_hyp(decoder: Pointer, score: Pointer): Pointer;
  _decoder_result_json(decoder: Pointer, start: number, level: number): Pointer;
}

/** Bytes that lie in the recogniser's memory for good, with a NUL after them. */
export interface Resident {
  readonly at: Pointer;
  readonly bytes: number;
}

const MODEL_FILES = [
  'mdef',
  'means',
  'variances',
  'sendump',
  'transition_matrices',
  'noisedict.txt',
] as const;

/** The English acoustic model (cmusphinx-en-us-ptm-8khz-5.2), read once and shared by all decoders. */
export interface AcousticModel {
  readonly native: Native;
  readonly files: Readonly<Record<(typeof MODEL_FILES)[number], Resident>>;
  /** The front end's settings, which go with the model. */
  readonly features: Readonly<Record<string, unknown>>;
  /** The package's pronouncing dictionary as text, one pronunciation a line. */
  readonly dictionary: string;
}

/** Loads the WebAssembly code and the model from the installed package. */
export async function loadAcousticModel(): Promise<AcousticModel> {
  const directory = join(dirname(createRequire(import.meta.url).resolve('soundswallower')), 'model', 'en-us');
  const silent = (): void => undefined;
  // The package's declarations leave out the C functions its module exports under an underscore.
  const native = (await createModule({ print: silent, printErr: silent })) as unknown as Native;
  const loaded = await Promise.all(
    MODEL_FILES.map(async (name) => [name, reside(native, await readFile(join(directory, name)))] as const),
  );
  return {
    native,
    // Every name of MODEL_FILES was just loaded.
    files: Object.fromEntries(loaded) as AcousticModel['files'],
    features: JSON.parse(await readFile(join(directory, 'feat_params.json'), 'utf8')),
    dictionary: await readFile(join(directory, 'dict.txt'), 'utf8'),
  };
}

/** Copies bytes into the recogniser's memory. */
export function reside(native: Native, content: Uint8Array): Resident {
  const at = native._malloc(content.byteLength + 1);
  if (at === 0) throw new Error(`recogniser: out of memory for ${content.byteLength} bytes`);
  native.HEAPU8.set(content, at);
  native.HEAPU8[at + content.byteLength] = 0;
  return { at, bytes: content.byteLength };
}

/** Reads the text that ends with a NUL at `at`; empty when `at` is 0. */
export function textAt(native: Native, at: Pointer): string {
  if (at === 0) return '';
  return new TextDecoder().decode(native.HEAPU8.subarray(at, native.HEAPU8.indexOf(0, at)));
}
