import { describe, expect, it } from 'vitest';
import type { WireClient } from '../../support/client.ts';
import { quiet, spelled } from '../../support/client.ts';
import { ANSWER, Rig, reply } from './rig.ts';

const FIRST = 'How much does it cost a month?';
const SECOND = 'And is there a discount if I take it for two years instead?';
const VOCABULARY = [...new Set(`${FIRST} ${SECOND}`.split(' '))];
/** What the words take, in ms, and what a recogniser needs to know that they are over. */
const WORD_MS = 300;
const PAUSE_MS = 700;
const BYTES_PER_MS = 32;

const LOSSES = [
  { kind: 'close', code: 1011, reason: 'See https://dpgr.am/net0000' },
  { kind: 'close', code: 1000 },
  { kind: 'drop' },
  { kind: 'garbage' },
] as const;

function turns(client: WireClient): readonly unknown[] {
  return client.all('voicechat.transcript.final').map(({ payload }) => payload['text']);
}

describe.each(['nova-3', 'flux-general-en'])('a caller whose recogniser (%s) is lost', (model) => {
  const rig = new Rig({ DEEPGRAM_MODEL: model });
  const script = { recogniser: { vocabulary: VOCABULARY } };
  const opened = () => rig.entries('deepgram', 'open').length;
  const again = (count: number) => rig.entry('deepgram', 'open', () => opened() === count);

  /** Ended by hand, so that the words after it follow at once: without a pause they are heard as one utterance. */
  async function asked(client: WireClient): Promise<void> {
    const from = client.frames.length;
    client.audio(spelled(FIRST, VOCABULARY));
    client.send('voicechat.audio.end');
    expect((await reply(client, from)).text).toBe(ANSWER);
    await client.next('voicechat.turn.metrics', from);
  }

  it.each(LOSSES)('[F10] [F11] in the middle of a turn has every word once: %j', async (loss) => {
    rig.play(script);
    const client = await rig.call();
    await asked(client);
    const from = client.frames.length;
    const speech = spelled(SECOND, VOCABULARY);
    const cut = 5.4 * WORD_MS * BYTES_PER_MS;
    client.audio(speech.subarray(0, cut));
    await client.next((frame) => String(frame.payload['text']).endsWith('discount'), from);
    rig.providers.strike({ provider: 'deepgram', ...loss });
    client.audio(speech.subarray(cut));
    client.audio(quiet(PAUSE_MS));
    expect((await reply(client, from)).text).toBe(ANSWER);
    expect(turns(client)).toEqual([FIRST, SECOND]);
    expect(opened()).toBe(2);
    expect(client.all('voicechat.error')).toEqual([]);
  });

  it('[F10] [F11] right after a turn hears nothing of it again', async () => {
    rig.play(script);
    const client = await rig.call();
    await asked(client);
    rig.providers.strike({ provider: 'deepgram', kind: 'drop' });
    await again(2);
    await asked(client);
    expect(turns(client)).toEqual([FIRST, FIRST]);
  });

  it('[F10] twice within a turn has every word once', async () => {
    rig.play(script);
    const client = await rig.call();
    await asked(client);
    const from = client.frames.length;
    const speech = spelled(SECOND, VOCABULARY);
    const part = 4 * WORD_MS * BYTES_PER_MS;
    for (const [at, last] of [
      [0, 'a'],
      [part, 'take'],
    ] as const) {
      client.audio(speech.subarray(at, at + part));
      await client.next((frame) => String(frame.payload['text']).endsWith(last), from);
      rig.providers.strike({ provider: 'deepgram', kind: 'close', code: 1011 });
    }
    client.audio(speech.subarray(2 * part));
    client.audio(quiet(PAUSE_MS));
    expect((await reply(client, from)).text).toBe(ANSWER);
    expect(turns(client)).toEqual([FIRST, SECOND]);
  });

  it('[F10] is heard in what was said while nobody listened', async () => {
    rig.play(script);
    const client = await rig.call();
    await asked(client);
    const from = client.frames.length;
    rig.providers.kill('deepgram');
    client.audio(spelled(SECOND, VOCABULARY));
    client.audio(quiet(PAUSE_MS));
    await client.next('voicechat.error', from);
    rig.providers.revive('deepgram');
    expect((await reply(client, from)).text).toBe(ANSWER);
    expect(turns(client)).toEqual([FIRST, SECOND]);
  });

  it('[F10] [F11] to a stall has every word once', async () => {
    rig.play(script);
    const client = await rig.call();
    await asked(client);
    const from = client.frames.length;
    const speech = spelled(SECOND, VOCABULARY);
    const cut = 4 * WORD_MS * BYTES_PER_MS;
    client.audio(speech.subarray(0, cut));
    await client.next((frame) => String(frame.payload['text']).endsWith('a'), from);
    rig.providers.strike({ provider: 'deepgram', kind: 'stall' });
    client.audio(speech.subarray(cut));
    client.audio(quiet(PAUSE_MS));
    expect((await reply(client, from)).text).toBe(ANSWER);
    expect(turns(client)).toEqual([FIRST, SECOND]);
  });
});

describe('a second recogniser', () => {
  const rig = new Rig({ DEEPGRAM_FALLBACK_MODEL: 'flux-general-en' });

  it('[F12] takes the call over when the first refuses it for good', async () => {
    const faults = [{ provider: 'deepgram', kind: 'refuse', status: 402 }] as const;
    rig.play({ recogniser: { vocabulary: VOCABULARY }, faults: [...faults] });
    const client = await rig.call();
    const from = client.frames.length;
    client.audio(spelled(FIRST, VOCABULARY));
    client.audio(quiet(PAUSE_MS));
    expect((await reply(client, from)).text).toBe(ANSWER);
    expect(turns(client)).toEqual([FIRST]);
    expect(rig.query('deepgram')['model']).toBe('flux-general-en');
    expect(client.all('voicechat.error')).toEqual([]);
  });
});
