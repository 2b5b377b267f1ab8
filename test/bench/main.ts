/** `npm run bench`: voice-to-voice against scripted providers with exact delays. `-- --json` prints one JSON object. */
import { measureVoiceToVoice, type TurnTimes } from './voice-to-voice.ts';

const TURNS = 30;

const times = await measureVoiceToVoice(TURNS);
const rows = [
  row('voice to voice', (turn) => turn.voiceToVoiceMs),
  row('final transcript -> model asked', (turn) => turn.askMs),
  row('first token -> first words to the synthesiser', (turn) => turn.clauseMs),
  row('first audio -> client', (turn) => turn.deliverMs),
  row('own share (first and last leg)', (turn) => turn.askMs + turn.deliverMs),
];
if (process.argv.includes('--json')) {
  console.log(
    JSON.stringify({
      turns: TURNS,
      ms: Object.fromEntries(rows.map(({ what, p50, p95, max }) => [what, { p50, p95, max }])),
    }),
  );
} else {
  console.log(`${TURNS} turns; the scripted providers take 250 + 450 + 160 = 860 ms of each`);
  console.table(rows);
}

function row(what: string, of: (turn: TurnTimes) => number) {
  const sorted = times.map(of).sort((a, b) => a - b);
  // Nearest rank.
  const percentile = (share: number) => Number(sorted[Math.ceil(share * sorted.length) - 1]?.toFixed(1));
  return { what, p50: percentile(0.5), p95: percentile(0.95), max: percentile(1) };
}
