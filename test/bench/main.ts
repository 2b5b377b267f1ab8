/**
 * `npm run bench`: how long an answer takes against scripted providers with exact delays, and what a microphone frame
 * costs beside a bare Durable Object. `-- --json` prints one JSON object.
 */
import { cpuPerFrame } from './microphone.ts';
import { measureVoiceToVoice, type TurnTimes } from './voice-to-voice.ts';

const TURNS = 30;
const CALLS = [1, 50, 200] as const;

const latency = latencyRows(await measureVoiceToVoice(TURNS));
const frames = await frameRows();
if (process.argv.includes('--json')) {
  console.log(JSON.stringify({ turns: TURNS, latency, frames }));
} else {
  console.log(`${TURNS} turns, in ms; the scripted providers take 250 + 450 + 160 = 860 ms of each`);
  console.table(latency);
  console.log('CPU of one 20 ms microphone frame, in microseconds, and its ratio to a bare Durable Object');
  console.table(frames);
}

function latencyRows(times: readonly TurnTimes[]) {
  const row = (what: string, of: (turn: TurnTimes) => number) => {
    const sorted = times.map(of).sort((a, b) => a - b);
    // Nearest rank.
    const percentile = (share: number) => rounded(sorted[Math.ceil(share * sorted.length) - 1]);
    return { what, p50: percentile(0.5), p95: percentile(0.95), max: percentile(1) };
  };
  return [
    row('voice to voice', (turn) => turn.voiceToVoiceMs),
    row('final transcript -> model asked', (turn) => turn.askMs),
    row('first token -> first words to the synthesiser', (turn) => turn.clauseMs),
    row('first audio -> client', (turn) => turn.deliverMs),
    row('own share (first and last leg)', (turn) => turn.askMs + turn.deliverMs),
  ];
}

/** The arms take turns, so that a busy moment of the machine hits both. */
async function frameRows() {
  const rows = [];
  for (const calls of CALLS) {
    const [floor, vantum] = [await cpuPerFrame('floor', calls), await cpuPerFrame('vantum', calls)];
    rows.push({ calls, floor: rounded(floor), vantum: rounded(vantum), ratio: rounded(vantum / floor, 2) });
  }
  return rows;
}

function rounded(value: number | undefined, digits = 1): number {
  return Number(value?.toFixed(digits));
}
