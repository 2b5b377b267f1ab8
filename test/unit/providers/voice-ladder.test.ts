import { expect, it } from 'vitest';
import { LINES } from '../../support/scene.ts';
import { Duet, type Fate, mute } from './duet.ts';

const WORDS = 'One two three four five.'.split(' ');
const ANSWER = WORDS.join(' ');

async function failing(...fates: Fate[]): Promise<Duet> {
  const call = await new Duet().opened();
  call.fates = fates;
  await call.answers(ANSWER);
  await call.pass(12_000);
  return call;
}

/** What sounded, without white space, for the socket is sent one behind every text, and without the filler. */
function answer(call: Duet): string {
  return squeezed(call.heard).replace(squeezed(LINES.filler), '');
}

function squeezed(text: string): string {
  return text.replace(/\s+/g, '');
}

it.each(['closes', 'stalls'] as const)(
  '[V3] every word sounds once when two ways fail at any words (%s), and none is shown twice',
  async (end) => {
    for (let first = 0; first <= WORDS.length; first++) {
      for (let second = first; second <= WORDS.length; second++) {
        const part = (from: number, to: number) => ({
          characters: WORDS.slice(from, to).join(' ').length,
          end,
        });
        const call = await failing(part(0, first), part(first, second));
        const label = `${first} and ${second} words`;
        expect(answer(call), label).toBe(squeezed(ANSWER));
        const shown = call.of('voicechat.response.text').map(({ payload }) => payload.text);
        expect(
          shown.filter((text) => text !== LINES.filler),
          label,
        ).toEqual([ANSWER]);
        expect(call.of('voicechat.response.complete'), label).toHaveLength(1);
        expect(call.of('voicechat.error'), label).toEqual([]);
      }
    }
  },
);

it('[V3] a word that is cut is said again unless half of it has sounded', async () => {
  for (let characters = 0; characters <= ANSWER.length; characters++) {
    const call = await failing({ characters, end: 'closes' });
    const cut = WORDS.findLastIndex((_, i) => WORDS.slice(0, i).join(' ').length < characters);
    const from = WORDS.slice(0, Math.max(0, cut)).join(' ').length + (cut > 0 ? 1 : 0);
    const again = characters - from < (WORDS[cut] ?? '').length / 2;
    const next = cut < 0 || again ? from : from + (WORDS[cut] ?? '').length;
    expect(answer(call)).toBe(squeezed(ANSWER.slice(0, characters) + ANSWER.slice(next)));
  }
});

it('[V2] a vendor that never answers keeps the caller waiting 1.2 s for a sound, and 6 s for the words', async () => {
  const call = await failing(mute, mute, mute, mute);
  expect(call.of('voicechat.response.chunk').at(0)?.at).toBe(1200);
  expect(call.heard).toBe(LINES.filler + LINES.voiceLost);
  const shown = call.of('voicechat.response.text').map(({ at, payload }) => [at, payload.text]);
  expect(shown).toEqual([
    [1200, LINES.filler],
    [6000, LINES.voiceLost],
    [6000, ANSWER],
  ]);
  expect(call.of('voicechat.error').map(({ at }) => at)).toEqual([6000]);
});

it('[V4] and the next time 1.5 s for the words', async () => {
  const call = await failing(mute, mute, mute, mute);
  call.fates = [mute];
  await call.answers(ANSWER);
  await call.pass(12_000);
  expect(call.of('voicechat.response.text').at(-1)).toMatchObject({ at: 1500, payload: { text: ANSWER } });
});

it('[V4] and speaks again when the vendor does', async () => {
  const call = await failing(mute, mute, mute, mute);
  await call.answers(ANSWER);
  await call.pass(12_000);
  expect(answer(call)).toBe(squeezed(ANSWER));
  expect(call.of('voicechat.response.chunk').at(0)?.at).toBe(0);
});
