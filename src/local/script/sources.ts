import type { EngineVoice } from '../engines/ports.ts';
import type { ModelAnswer, Sources, SpeakRequest, SpokenText } from '../sources.ts';
import { until } from '../wire/clock.ts';
import { ScriptedListener } from './listener.ts';
import type { Script, ScriptedReply } from './script.ts';
import { SpelledListener } from './spelled-listener.ts';
import type { Stage } from './stage.ts';

const VOICES: readonly EngineVoice[] = [
  { id: 'slt', name: 'Tone slt', labels: { gender: 'female' } },
  { id: 'rms', name: 'Tone rms', labels: { gender: 'male' } },
  { id: 'awb', name: 'Tone awb', labels: { gender: 'male' } },
  { id: 'kal16', name: 'Tone kal16', labels: { gender: 'male' } },
];

/** The sources of scripted mode: no engine, exact words and exact times from the script on stage. */
export function scriptedSources(stage: Stage): Sources {
  return {
    named: { recogniser: 'scripted', model: 'scripted', synthesiser: 'scripted' },
    voices: VOICES,
    listen: (options, report) => {
      const { vocabulary } = stage.script.recogniser;
      if (vocabulary !== undefined) return new SpelledListener(vocabulary, options, report);
      return new ScriptedListener(() => stage.script, stage.lines(), options, report);
    },
    answer: (messages) => {
      const { model } = stage.script;
      const { replies } = model;
      const reply = typeof replies === 'function' ? replies(messages) : stage.nextReply(replies);
      return answerOf(reply, model);
    },
    pieces: (text) => [text],
    speak: (request) => speak(request, stage.script.synthesiser),
  };
}

function answerOf(reply: ScriptedReply, model: Script['model']): ModelAnswer {
  const { firstTokenMs, tokensPerSecond, splitBytes } = model;
  const pace = { firstTokenMs, tokensPerSecond, splitBytes };
  if (typeof reply === 'string') return { content: reply, toolCalls: [], ...pace };
  return { ...reply, ...pace };
}

async function speak(
  request: SpeakRequest,
  { firstAudioMs, msPerChar, chunkMs, paceMs }: Script['synthesiser'],
): Promise<SpokenText | undefined> {
  const dueMs = request.requestedAtMs + firstAudioMs;
  if (!(await until(dueMs, request.signal))) return undefined;
  const charMs = msPerChar / request.speed;
  const startMs = Array.from({ length: request.text.length }, (_, i) => i * charMs);
  const endMs = startMs.map((start) => start + charMs);
  const samples = tone(
    Math.round((request.text.length * charMs * request.sampleRate) / 1000),
    request.sampleRate,
  );
  return { samples, startMs, endMs, dueMs, frameMs: chunkMs, everyMs: paceMs };
}

const TONE_HZ = 220;
const TONE_PEAK = 8000;

/** The same tone for the same length, loud enough to count as speech. */
function tone(length: number, sampleRate: number): Int16Array {
  return Int16Array.from({ length }, (_, i) =>
    Math.round(TONE_PEAK * Math.sin((2 * Math.PI * TONE_HZ * i) / sampleRate)),
  );
}
