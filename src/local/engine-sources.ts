import { floatFromInt16, int16FromFloat } from '../audio/pcm.ts';
import { Resampler } from '../audio/resample.ts';
import { END_CALL } from '../outreach/prompt.ts';
import type { AgentReply } from './agent/agent.ts';
import { EngineListener } from './engine-listener.ts';
import type { RecogniserEngine, SynthesiserEngine } from './engines/ports.ts';
import type { ChatMessage, ModelAnswer, Sources, SpeakRequest, SpokenText } from './sources.ts';
import { now } from './wire/clock.ts';

export interface Engines {
  readonly recogniser: RecogniserEngine;
  readonly synthesiser: SynthesiserEngine;
  readonly reply: (messages: readonly ChatMessage[]) => AgentReply;
}

/** The scripted agent's pace: that of a fast hosted model. */
const FIRST_TOKEN_MS = 150;
const TOKENS_PER_SECOND = 60;
/** The longest audio in one message: 128 KB at 16 kHz, well below what any client's socket takes. */
const FRAME_MS = 4_000;

/** The sources of real mode: the speech engines of this machine and the scripted sales agent. */
export function engineSources({ recogniser, synthesiser, reply }: Engines): Sources {
  return {
    named: { recogniser: 'soundswallower', model: 'scripted sales agent', synthesiser: 'flite' },
    voices: synthesiser.voices,
    listen: (options, report) => new EngineListener(recogniser, options, report),
    answer: (messages, functions) => ({
      ...spoken(reply(messages), functions),
      firstTokenMs: FIRST_TOKEN_MS,
      tokensPerSecond: TOKENS_PER_SECOND,
    }),
    pieces: sentencesOf,
    speak: (request) => speak(request, synthesiser),
  };
}

/** The agent ends a call only by the function made for it. */
function spoken(
  { content, ending }: AgentReply,
  functions: readonly string[],
): Pick<ModelAnswer, 'content' | 'toolCalls'> {
  const isEnding = ending !== undefined && functions.includes(END_CALL);
  const call = { name: END_CALL, arguments: JSON.stringify({ outcome: ending }) };
  return { content, toolCalls: isEnding ? [call] : [] };
}

/** Shorter sentences are rendered together with the next: the engine's start costs more than they last. */
const SHORTEST_PIECE = 40;

/** Whole sentences, each with the space behind it. */
export function sentencesOf(text: string): string[] {
  const pieces: string[] = [];
  for (const sentence of text.match(/.+?(?:[.!?]+\s+|$)/gs) ?? []) {
    const last = pieces.at(-1);
    if (last !== undefined && last.length < SHORTEST_PIECE) pieces[pieces.length - 1] = last + sentence;
    else pieces.push(sentence);
  }
  return pieces;
}

async function speak(request: SpeakRequest, engine: SynthesiserEngine): Promise<SpokenText | undefined> {
  const { text, voice, speed, sampleRate, signal } = request;
  if (signal.aborted) return undefined;
  const speech = await engine.speak({ text, voice, speed });
  if (signal.aborted) return undefined;
  return {
    samples: atRate(speech.samples, speech.sampleRate, sampleRate),
    startMs: speech.startMs,
    endMs: speech.endMs,
    dueMs: now(),
    frameMs: FRAME_MS,
    everyMs: 0,
  };
}

function atRate(samples: Int16Array, fromHz: number, toHz: number): Int16Array {
  if (fromHz === toHz) return samples;
  const resampler = new Resampler(fromHz, toHz);
  const body = int16FromFloat(resampler.process(floatFromInt16(samples)));
  const tail = int16FromFloat(resampler.flush());
  const whole = new Int16Array(body.length + tail.length);
  whole.set(body);
  whole.set(tail, body.length);
  return whole;
}
