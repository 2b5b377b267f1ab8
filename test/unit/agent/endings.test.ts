import { describe, expect, it } from 'vitest';
import { agentReply } from '../../../src/local/agent/agent.ts';
import { defaultPlaybook } from '../../../src/outreach/northgate.ts';
import { OUTCOMES, type Outcome } from '../../../src/outreach/outcome.ts';
import { timeLeftNote } from '../../../src/outreach/prompt.ts';
import { Scene } from './scene.ts';

const qualified = [
  'yes',
  'sure',
  'about fifty people',
  'we use a spreadsheet',
  'driving takes too much time',
];
const slotAgreed = [...qualified, 'yes please', 'tuesday at three', 'yes'];

/** What callers say until the agent ends the call, and how it ends it. */
const dialogues: readonly (readonly [ending: Outcome, utterances: readonly string[], closing: RegExp])[] = [
  ['booked', [...slotAgreed, 'sarah at example dot com', 'yes'], /^Great, your demo is booked/],
  ['booked', [...slotAgreed, 'no'], /^No problem, we will call you for the demo/],
  ['booked', [...slotAgreed, 'i have to go bye'], /^No problem, we will call you for the demo/],
  ['information-sent', ['send me an email', 'john at gmail dot com', 'yes'], /^Thank you, we will send/],
  ['callback', ["i don't have time right now", 'tomorrow'], /^Thank you, we will call you tomorrow/],
  ['callback', ['i have to go call me back tomorrow bye'], /^Thank you, we will call you tomorrow/],
  ['callback', ['no', 'on friday at ten bye'], /^Thank you, we will call you on Friday at ten/],
  ['not-interested', ['yes', 'no'], /^I understand, and I will leave it there/],
  ['not-interested', ['yes', "i'm not interested", 'no thank you'], /^I understand, and I will leave it/],
  ['not-interested', [...qualified, 'no'], /^I understand, and I will leave it there/],
  ['wrong-person', ['sorry you have the wrong number'], /^I am sorry, I have the wrong person/],
  ['voicemail', ['please leave a message after the tone'], /We will try again another day\.$/],
  ['opted-out', ['yes', 'please take me off your list'], /^Of course\. I have taken you off our list/],
  ['no-decision', ['yes', 'sure', 'i have to go bye'], /^Thank you for your time/],
  ['no-decision', ['send me an email', 'i have to go bye'], /^Thank you for your time/],
  ['no-decision', [...qualified, 'yes', 'no'], /^Thank you for your time/],
];

describe('the end of a call', () => {
  it.each(dialogues)('%s after %j', (ending, utterances, closing) => {
    const call = new Scene();
    for (const text of utterances.slice(0, -1)) {
      call.say(text);
      expect(call.ending, text).toBeUndefined();
    }
    expect(call.say(utterances.at(-1) ?? '')).toMatch(closing);
    expect(call.ending).toBe(ending);
  });

  it('is known in every way a call can end', () => {
    expect(new Set(dialogues.map(([ending]) => ending))).toEqual(new Set(OUTCOMES));
  });

  it('comes again, the same, when the caller goes on after it', () => {
    const call = new Scene();
    call.say('yes', 'no');
    expect(call.say('okay thanks')).toBe(call.line('goodbye'));
    expect(call.ending).toBe('not-interested');
    expect(call.say('how much does it cost')).toMatch(/^It costs .* and goodbye\.$/);
    expect(call.ending).toBe('not-interested');
    expect(call.say('')).toBe(call.line('goodbye'));
  });

  it('is taken back by a caller who changes their mind', () => {
    const call = new Scene();
    call.say('yes', 'no');
    expect(call.say('wait actually tell me more')).toBe(call.line('askSlot'));
    expect(call.ending).toBeUndefined();
  });

  it('is said again when the caller spoke into it', () => {
    const call = new Scene();
    call.say(...slotAgreed, 'no');
    const closing = call.messages.at(-1)?.content;
    call.cut(3);
    expect(call.say('hello')).toBe(closing);
    expect(call.ending).toBe('booked');
  });

  it('gives way to a caller who moves the appointment in the middle of it', () => {
    const call = new Scene();
    call.say(...slotAgreed, 'no');
    call.cut(3);
    expect(call.say('wait wednesday is better')).toBe('So we meet on Wednesday at three. Is that right?');
    expect(call.ending).toBeUndefined();
  });

  it('is not asked for by the greeting or under another prompt', () => {
    expect(agentReply(new Scene().messages.slice(0, 1)).ending).toBeUndefined();
    expect(agentReply([]).ending).toBeUndefined();
  });
});

describe('with no time left', () => {
  const late = (call: Scene, ...utterances: readonly string[]) => {
    call.say(...utterances.slice(0, -1));
    const [system, ...others] = call.messages;
    const prompt = { role: 'system', content: `${system?.content}\n\n${timeLeftNote()}` };
    return agentReply([prompt, ...others, { role: 'user', content: utterances.at(-1) ?? '' }]);
  };

  it.each<[Outcome, readonly string[], RegExp]>([
    ['no-decision', ['yes', 'sure', 'about fifty'], /^Thank you for your time/],
    ['no-decision', ['yes', 'how much does it cost'], /^It costs .* goodbye\.$/],
    ['booked', slotAgreed, /^No problem, we will call you for the demo on Tuesday at three/],
    ['callback', ['no', 'what'], /^Thank you, we will try again another time/],
    ['not-interested', ['yes', 'no'], /^I understand, and I will leave it there/],
    ['opted-out', ['yes', 'take me off your list'], /^Of course\. I have taken you off/],
  ])('closes with %s after %j', (ending, utterances, closing) => {
    const reply = late(new Scene(), ...utterances);
    expect(reply.content).toMatch(closing);
    expect(reply.ending).toBe(ending);
  });
});

describe('lines around what the agent wrote', () => {
  const [people, planning] = defaultPlaybook.questions.map(String);
  const change = (call: Scene, rewrite: (content: string) => string) => {
    const last = call.messages.pop();
    call.messages.push({ role: 'assistant', content: rewrite(last?.content ?? '') });
  };

  it('a filler before the answer changes nothing, and is not repeated', () => {
    const [plain, filled] = [new Scene(), new Scene()];
    for (const call of [plain, filled]) call.say('yes', 'how much does it cost');
    change(filled, (content) => `${filled.line('filler')} ${content}`);
    const goOn = ['could you repeat that please', 'yes', 'fifty'];
    const [repeated] = goOn.map((text) => {
      const reply = filled.say(text);
      expect(reply).toBe(plain.say(text));
      return reply;
    });
    expect(repeated).toMatch(/^It costs twenty dollars/);
  });

  it.each([
    (call: Scene, text: string) => `${text} ${call.line('stillThere')}`,
    (call: Scene, text: string) => `${text} ${call.line('stillThere')} ${call.line('stillThere')}`,
    (call: Scene, text: string) => `${text} ${call.line('apology')}`,
    (call: Scene, text: string) => `${call.line('filler')} ${text} ${call.line('stillThere')}`,
    (call: Scene, text: string) => `${text} ${call.line('stillThere')} (interrupted)`,
    (_: Scene, text: string) => `${text} Are you (interrupted)`,
    (call: Scene, text: string) => `${call.line('filler')} (interrupted) ${text}`,
  ])('the open question is answered behind them: %#', (around) => {
    const call = new Scene();
    call.say('yes', 'sure');
    change(call, (content) => around(call, content));
    expect(call.say('about fifty')).toContain(planning);
  });

  it.each([12, 3])(
    'a caller who wants it again gets the answer, not them, when %i words were heard',
    (heard) => {
      const call = new Scene();
      call.say('yes', 'how much does it cost');
      if (heard < 12) call.cut(heard);
      change(call, (content) => `${content} ${call.line('stillThere')}`);
      const repeated = call.say('could you repeat that please');
      expect(repeated).toMatch(/^It costs twenty dollars for each person a month, with no setup fee\./);
      expect(repeated).not.toMatch(/still there|interrupted/);
    },
  );

  it.each(['stillThere', 'apology'] as const)('a question cut off before "%s" is asked again', (name) => {
    const call = new Scene();
    call.say('yes', 'sure');
    call.cut(3);
    change(call, (content) => `${content} ${call.line(name)}`);
    expect(call.say('what')).toContain(people);
  });

  it('a filler of which not all was heard says nothing', () => {
    const call = new Scene();
    call.say('yes', 'sure');
    call.messages.push(
      { role: 'user', content: 'about fifty' },
      { role: 'assistant', content: 'One moment, (interrupted)' },
    );
    expect(call.say('and two in the office')).toContain(planning);
  });

  it.each(['yes', "yes i'm here", 'hello'])('"%s" to "Are you still there?" agrees to nothing', (text) => {
    const call = new Scene();
    call.say(...qualified, 'yes please', 'tuesday at three');
    change(call, (content) => `${content} ${call.line('stillThere')}`);
    expect(call.say(text)).toBe('So we meet on Tuesday at three. Is that right?');
    expect(call.say('yes')).toBe(call.line('askEmail'));
  });
});
