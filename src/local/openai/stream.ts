import type { ModelAnswer } from '../sources.ts';
import { until } from '../wire/clock.ts';
import type { Exchange } from '../wire/exchange.ts';
import type { ChatRequest } from './chat-request.ts';
import type { Completion } from './completion.ts';

/**
 * Streams a completion as server-sent events at the answer's pace: role, one chunk a token, finish reason, usage if
 * asked for, `[DONE]`. Stops when the client leaves.
 */
export async function streamCompletion(
  exchange: Exchange,
  completion: Completion,
  request: ChatRequest,
  answer: ModelAnswer,
  startedAt: number,
): Promise<void> {
  const send = (chunk: object | string) => {
    const data = typeof chunk === 'string' ? chunk : JSON.stringify(chunk);
    return writeSplit(exchange, `data: ${data}\n\n`, answer.splitBytes);
  };
  const firstAt = startedAt + answer.firstTokenMs;
  const deltas = completion.deltas;
  if (!(await until(firstAt, exchange.signal))) return;
  await send(completion.roleChunk());
  for (const [i, delta] of deltas.entries()) {
    if (!(await until(firstAt + (i * 1000) / answer.tokensPerSecond, exchange.signal))) return;
    await send(completion.chunk(delta));
  }
  await send(completion.finishChunk());
  if (request.usage) await send(completion.usageChunk());
  await send('[DONE]');
  exchange.end();
}

/** Writes in pieces of `splitBytes`, each its own turn of the event loop, so that they leave one by one. */
async function writeSplit(exchange: Exchange, text: string, splitBytes: number | undefined): Promise<void> {
  const bytes = Buffer.from(text);
  const step = splitBytes ?? bytes.byteLength;
  for (let at = 0; at < bytes.byteLength; at += step) {
    exchange.write(bytes.subarray(at, at + step));
    if (splitBytes !== undefined) await new Promise((resolve) => setImmediate(resolve));
  }
}
