import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { spokenLines } from '../../../src/local/agent/lines.ts';
import { defaultPlaybook } from '../../../src/outreach/northgate.ts';
import { Scene } from './scene.ts';

const lines = spokenLines(defaultPlaybook, { name: 'Sam', company: 'Acme' });

describe('spokenLines', () => {
  it('holds every word of a whole call, next to the words it stands with', () => {
    const call = new Scene();
    call.say(
      'yes',
      'are you a robot',
      'sure',
      'my email is sarah at example dot com',
      'fifty',
      'we already use one',
      'planning',
    );
    call.say('how much is it', 'yes', 'on monday', 'at one', 'yes', 'yes', 'thanks bye');
    const sentences = call.messages
      .filter(({ role }) => role === 'assistant')
      .flatMap(({ content }) => content.split(/(?<=[.?]) /))
      .map((sentence) => sentence.replace('AI', 'a i').toLowerCase().replace(/[.,?]/g, ''));
    const known = new Set(lines.flatMap(pairs));
    expect(sentences.flatMap(pairs).filter((pair) => !known.has(pair))).toEqual([]);
    expect(sentences.length).toBeGreaterThan(20);
  });

  it('is plain recogniser text, each sentence once', () => {
    for (const line of lines) expect(line).toMatch(/^[a-z' ]+$/);
    expect(new Set(lines).size).toBe(lines.length);
  });

  it("uses only words of the recogniser's dictionary", () => {
    const path = new URL('../../../node_modules/soundswallower/model/en-us/dict.txt', import.meta.url);
    const dictionary = readFileSync(path, 'utf8');
    const known = new Set(dictionary.split('\n').map((row) => row.slice(0, row.indexOf(' '))));
    const unknown = new Set(lines.flatMap((line) => line.split(' ')).filter((word) => !known.has(word)));
    expect([...unknown]).toEqual([]);
  });
});

function pairs(sentence: string): string[] {
  const said = ['', ...sentence.split(' '), ''];
  return said.slice(1).map((word, index) => `${said[index]} ${word}`);
}
