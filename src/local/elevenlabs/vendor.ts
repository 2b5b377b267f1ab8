import type { Sources } from '../sources.ts';
import type { Timings } from '../timings.ts';
import type { Answer, Vendor } from '../vendor.ts';
import type { Handshake } from '../wire/handshake.ts';
import type { Link } from '../wire/link.ts';
import { isDialogueModel } from './catalogue.ts';
import { httpError, refusal } from './errors.ts';
import { answerRequest, unsupportedModel } from './http.ts';
import { Keys } from './keys.ts';
import { MultiStream } from './multi.ts';
import { SingleStream } from './single.ts';
import { readStreamQuery } from './stream-query.ts';

/** ElevenLabs' wire: both text sockets, speech over HTTP, voices, models and single-use tokens. */
export function elevenlabs(sources: Sources, timings: Timings): Vendor {
  const keys = new Keys();
  return {
    sockets: (handshake) => answer(handshake, sources, timings, keys),
    requests: (exchange) => answerRequest(exchange, sources, keys),
    refusal,
    tellError: (send, code, message) => {
      send({ message, error: code, code: 1008 });
      return { code: 1008, reason: message };
    },
    errorChunk: (code, message) => JSON.stringify(httpError(500, code, message).body),
  };
}

/** The upgrade succeeds whatever the key and the voice are: the vendor tells those errors on the socket. */
function answer(handshake: Handshake, sources: Sources, timings: Timings, keys: Keys): Answer {
  const { path } = handshake;
  const [, voiceId, kind] =
    /^\/v1\/text-to-speech\/([^/]+)\/(stream-input|multi-stream-input)$/.exec(path) ?? [];
  if (!voiceId) return { refused: httpError(403, 'forbidden', 'There is no socket at this path.') };
  const query = readStreamQuery(handshake.query);
  if (isDialogueModel(query.modelId)) return { refused: unsupportedModel(query.modelId) };
  const admitted = keys.admit(handshake.query, handshake.header('xi-api-key'));
  const opening = (link: Link) => ({ link, query, voiceId, admitted, sources, timings });
  return {
    headers: {},
    serve: (link, faults) =>
      kind === 'stream-input'
        ? new SingleStream(opening(link)).open(faults)
        : new MultiStream(opening(link)).open(faults),
  };
}
