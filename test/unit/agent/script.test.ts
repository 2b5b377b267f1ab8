import { describe, expect, it } from 'vitest';
import { parseScript } from '../../../src/local/agent/script.ts';
import { defaultPlaybook } from '../../../src/outreach/northgate.ts';
import { lineNames, type Playbook } from '../../../src/outreach/playbook.ts';
import { spokenLine, systemPrompt, timeLeftNote } from '../../../src/outreach/prompt.ts';

describe('parseScript', () => {
  const prospect = { name: 'Sam', company: 'Acme', role: 'Head of Operations' };
  const script = parseScript(systemPrompt(defaultPlaybook, prospect));

  it('reads back the playbook that systemPrompt wrote', () => {
    expect(script?.playbook.agent).toEqual(defaultPlaybook.agent);
    expect(script?.playbook.product.name).toBe('Northgate Planner');
    expect(script?.playbook.questions).toEqual(defaultPlaybook.questions);
    expect(script?.playbook.objections).toEqual(defaultPlaybook.objections);
    expect(script?.playbook.facts).toEqual(defaultPlaybook.facts);
    expect(script?.playbook.acknowledgements).toEqual(defaultPlaybook.acknowledgements);
    expect(script?.prospect).toEqual(prospect);
  });

  it.each(lineNames.map((name) => [name]))('reads back the line %s as this prospect hears it', (name) => {
    expect(script && spokenLine(script.playbook, {}, name)).toBe(spokenLine(defaultPlaybook, prospect, name));
  });

  it('reads back the places for what the caller says', () => {
    expect(script?.playbook.lines.confirmSlot).toEqual(defaultPlaybook.lines.confirmSlot);
    expect(script?.playbook.lines.confirmEmail).toEqual(defaultPlaybook.lines.confirmEmail);
  });

  it('reads another company, personal answers and all', () => {
    const other: Playbook = {
      ...defaultPlaybook,
      agent: { name: 'Max', company: 'Bright Path (Ltd.): Tools' },
      facts: [
        {
          topic: 'fit',
          cues: ["doesn't fit", 'fit'],
          say: { text: 'It fits {{prospect.company}}: really.', plain: 'It fits: really.' },
        },
      ],
    };
    const read = parseScript(systemPrompt(other, prospect));
    expect(read?.playbook.agent).toEqual(other.agent);
    expect(read?.playbook.facts).toEqual([
      { topic: 'fit', cues: ["doesn't fit", 'fit'], say: 'It fits Acme: really.' },
    ]);
    expect(parseScript(systemPrompt(other, {}))?.playbook.facts[0]?.say).toBe('It fits: really.');
  });

  it('reads a prompt with the note about the time left below it', () => {
    const prompt = systemPrompt(defaultPlaybook, prospect);
    expect(parseScript(`${prompt}\n\n${timeLeftNote()}`)).toEqual({ ...parseScript(prompt), isLate: true });
    expect(parseScript(prompt)?.isLate).toBe(false);
  });

  it.each(['', 'You are a helpful assistant.', '# Opening\n- greeting: Hi.', '- name: Ava\n- company: X'])(
    'does not take another prompt for one of ours: %j',
    (prompt) => {
      expect(parseScript(prompt)).toBeUndefined();
    },
  );

  it('does not accept a prompt that lost a line', () => {
    const prompt = systemPrompt(defaultPlaybook, prospect).replace(/^- opt out: .*$/m, '');
    expect(parseScript(prompt)).toBeUndefined();
  });
});
