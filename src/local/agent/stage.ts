import { fill, type Line, type Variables } from '../../outreach/line.ts';
import type { Outcome } from '../../outreach/outcome.ts';
import type { LineName, Playbook } from '../../outreach/playbook.ts';
import { words } from '../../outreach/words.ts';
import { type Slot, sayEmail, sayPhone, slotPhrase } from './details.ts';

/** Where the call stands: the question that is open, or `over`. `index` counts the playbook's questions from 0. */
export type Stage =
  | { readonly at: 'greeting' | 'reason' | 'offer' | 'slot' | 'day' | 'time' | 'slotCheck' | 'callback' }
  | { readonly at: 'question'; readonly index: number }
  | { readonly at: 'email' | 'emailCheck'; readonly purpose: 'demo' | 'information' }
  | { readonly at: 'over'; readonly outcome: Outcome };

/** What the caller has given so far. */
export interface Heard {
  readonly slot: Slot;
  readonly email?: string;
  readonly phone?: string;
}

/** What the agent says to open a stage, or to end the call when it is over. */
export function opening(playbook: Playbook, stage: Stage, heard: Heard): string {
  return fill(lineOf(playbook, stage, heard), heardVariables(heard));
}

/** The part of the opening that asks, enough to ask again: its last sentence, or all of it for a read-back. */
export function question(playbook: Playbook, stage: Stage, heard: Heard): string {
  const whole = opening(playbook, stage, heard);
  const isReadBack = stage.at === 'slotCheck' || stage.at === 'emailCheck';
  return isReadBack || stage.at === 'over' ? whole : (whole.split(/(?<=[.?!]) /).at(-1) ?? whole);
}

/** The stage after this one when its question was answered well, or asked often enough. */
export function following(playbook: Playbook, stage: Stage): Stage {
  switch (stage.at) {
    case 'greeting':
      return { at: 'reason' };
    case 'reason':
      return { at: 'question', index: 0 };
    case 'question':
      return stage.index + 1 < playbook.questions.length
        ? { at: 'question', index: stage.index + 1 }
        : { at: 'offer' };
    case 'offer':
      return { at: 'slot' };
    case 'slot':
    case 'day':
    case 'time':
      return { at: 'slotCheck' };
    case 'slotCheck':
      return { at: 'email', purpose: 'demo' };
    case 'email':
      return { at: 'emailCheck', purpose: stage.purpose };
    case 'emailCheck':
      return over(stage.purpose === 'demo' ? 'booked' : 'information-sent');
    case 'callback':
      return over('callback');
    case 'over':
      return stage;
    default:
      return stage satisfies never;
  }
}

/** Where to go when a question was asked as often as is polite and still has no answer. */
export function givingUp(playbook: Playbook, stage: Stage): Stage {
  switch (stage.at) {
    case 'email':
    case 'emailCheck':
      return over(stage.purpose === 'demo' ? 'booked' : 'no-decision');
    case 'offer':
    case 'slot':
    case 'day':
    case 'time':
    case 'slotCheck':
      return over('no-decision');
    default:
      return following(playbook, stage);
  }
}

/** How the call ends when there is no time for the open question. */
export function broken(playbook: Playbook, stage: Stage): Stage {
  const next = givingUp(playbook, stage);
  return next.at === 'over' ? next : over('no-decision');
}

/** The stage whose question the agent's words end with, if any: how a call joined half-way finds its place. */
export function stageOf(playbook: Playbook, said: string, heard: Heard): Stage | undefined {
  const stages: Stage[] = [
    { at: 'greeting' },
    { at: 'reason' },
    ...playbook.questions.map((_, index): Stage => ({ at: 'question', index })),
    ...(['offer', 'slot', 'day', 'time', 'slotCheck', 'callback'] as const).map((at): Stage => ({ at })),
    { at: 'email', purpose: 'demo' },
    { at: 'email', purpose: 'information' },
    { at: 'emailCheck', purpose: 'demo' },
  ];
  return stages.find((stage) => heardShare(question(playbook, stage, heard), said) === 1);
}

/** The share of a sentence's words, from its first on, that stand together in what was said; 0..1. */
export function heardShare(sentence: string, said: string): number {
  const wanted = words(sentence);
  const spoken = words(said);
  let best = 0;
  for (let from = 0; from < spoken.length; from++) {
    let length = 0;
    while (length < wanted.length && wanted[length] === spoken[from + length]) length++;
    best = Math.max(best, length);
  }
  return wanted.length === 0 ? 0 : best / wanted.length;
}

/** The values of `heard.*` for the playbook's lines. */
export function heardVariables({ slot, email, phone }: Heard): Variables {
  return {
    'heard.day': slot.day ?? '',
    'heard.slot': slotPhrase(slot),
    'heard.email': email ? sayEmail(email) : '',
    'heard.phone': phone ? sayPhone(phone) : '',
  };
}

export function over(outcome: Outcome): Stage {
  return { at: 'over', outcome };
}

const closings: Readonly<Record<Outcome, LineName>> = {
  booked: 'booked',
  'information-sent': 'infoAgreed',
  callback: 'callbackAgreed',
  'not-interested': 'exit',
  'opted-out': 'optOut',
  'wrong-person': 'wrongPerson',
  voicemail: 'voicemail',
  'no-decision': 'goodbye',
};

function lineOf(playbook: Playbook, stage: Stage, heard: Heard): Line {
  const { lines } = playbook;
  switch (stage.at) {
    case 'greeting':
    case 'reason':
    case 'offer':
      return lines[stage.at];
    case 'question':
      return playbook.questions[stage.index] ?? lines.offer;
    case 'slot':
      return lines.askSlot;
    case 'day':
      return lines.askDay;
    case 'time':
      return lines.askTime;
    case 'slotCheck':
      return lines.confirmSlot;
    case 'email':
      return stage.purpose === 'demo' ? lines.askEmail : lines.askInfoEmail;
    case 'emailCheck':
      return lines.confirmEmail;
    case 'callback':
      return lines.askCallback;
    case 'over':
      return stage.outcome === 'booked' && !heard.email
        ? lines.bookedWithoutEmail
        : lines[closings[stage.outcome]];
    default:
      return stage satisfies never;
  }
}
