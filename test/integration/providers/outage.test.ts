import { expect, it } from 'vitest';
import { ANSWER, QUESTION, Rig, reply, speak, transcript, trouble, type, VOICE_LOST } from './rig.ts';

const rig = new Rig().primed();

it('without the recogniser the caller is told, can type, and is heard again when it is back', async () => {
  const client = await rig.call();
  rig.providers.kill('deepgram');
  expect(await trouble(client)).toEqual({ code: 'recogniser_unavailable', retryable: true });
  expect((await reply(client, type(client))).text).toBe(ANSWER);
  rig.providers.revive('deepgram');
  const from = speak(client);
  expect(await transcript(client, from)).toBe(QUESTION);
  expect((await reply(client, from)).text).toBe(ANSWER);
});

it('without the model the caller is told and hears an apology, and an answer when it is back', async () => {
  rig.play({ model: { replies: [ANSWER], tokensPerSecond: 5 } });
  const client = await rig.call();
  const from = speak(client);
  await transcript(client, from);
  rig.providers.kill('openai');
  expect(await trouble(client, from)).toMatchObject({ code: 'model_unavailable' });
  const apology = await reply(client, from);
  expect(apology.text).toMatch(/sorry/i);
  expect(apology.bytes).toBeGreaterThan(0);
  rig.providers.revive('openai');
  rig.providers.script.model.tokensPerSecond = 1000;
  const again = speak(client);
  expect((await reply(client, again)).text).toBe(ANSWER);
});

it('without the synthesiser the caller is told aloud, reads the answer, and hears it when it is back', async () => {
  const client = await rig.call();
  rig.providers.kill('elevenlabs');
  const from = speak(client);
  expect(await trouble(client, from)).toEqual({ code: 'synthesiser_unavailable', retryable: true });
  const shown = await reply(client, from);
  expect(shown.text).toBe(`${VOICE_LOST} ${ANSWER}`);
  expect(shown.bytes / 48).toBeCloseTo(VOICE_LOST.length * 2, 0);
  rig.providers.revive('elevenlabs');
  const again = speak(client);
  const spoken = await reply(client, again);
  expect(spoken.text).toBe(ANSWER);
  expect(spoken.bytes).toBeGreaterThan(0);
});
