import type { Outcome } from '../../outreach/outcome.ts';
import type { Playbook } from '../../outreach/playbook.ts';
import { courseOf } from './asides.ts';
import { breakOff, decide, type Move, type Scene } from './rules.ts';
import { parseScript, type Script } from './script.ts';
import { givingUp, type Heard, heardShare, opening, question, type Stage, stageOf } from './stage.ts';
import { understand } from './utterance.ts';

/** What the agent answers to a prompt that holds no playbook of ours. */
export const noPlaybookLine =
  'I am a scripted agent for trying out calls, and I was given no playbook to speak from.';

/** What the agent says next; with `ending` it is a goodbye, and the call is over when it was heard. */
export interface AgentReply {
  readonly content: string;
  readonly ending?: Outcome;
}

/**
 * The scripted sales agent: the next thing to say in a chat-completions conversation whose system message is
 * one of `systemPrompt`. It walks through the history to find its stage and what the caller has given, so it
 * keeps no state of its own and equal messages get equal replies. It asks no question more than twice.
 */
export function agentReply(
  messages: readonly { readonly role: string; readonly content: string }[],
): AgentReply {
  const prompt = messages.find(({ role }) => role === 'system' || role === 'developer');
  const script = prompt && parseScript(prompt.content);
  if (!script) return { content: noPlaybookLine };
  const last = messages.findLastIndex(({ role }) => role === 'user');
  let call: Call = newCall;
  for (const [index, { role, content }] of messages.entries()) {
    if (role === 'assistant') call = spoken(script, call, content);
    if (role === 'user') call = answered(script, call, content, script.isLate && index === last);
  }
  const content = call.reply ?? opening(script.playbook, call.stage, call.heard);
  return call.stage.at === 'over' ? { content, ending: call.stage.outcome } : { content };
}

interface Call {
  readonly stage: Stage;
  readonly heard: Heard;
  /** How often the caller heard each question, by its words. */
  readonly asked: Readonly<Record<string, number>>;
  readonly isAsked: boolean;
  /** Whether the agent's last words asked if the caller is still there. */
  readonly isPrompted: boolean;
  readonly answeredTopics: readonly string[];
  readonly turns: number;
  /** The reply to the caller's last turn, until the history tells what was heard of it. */
  readonly reply?: string;
  readonly lastWords: string;
}

const newCall: Call = {
  stage: { at: 'greeting' },
  heard: { slot: {} },
  asked: {},
  isAsked: false,
  isPrompted: false,
  answeredTopics: [],
  turns: 0,
  lastWords: '',
};

/** A question is asked at most so many times. */
const mostAsked = 2;

/** A question cut off later than this share of its words counts as heard. */
const understoodShare = 0.6;

function spoken(script: Script, before: Call, content: string): Call {
  const { playbook } = script;
  const { said, isCut, isPrompt } = courseOf(playbook, before.heard, content);
  const call: Call = { ...before, isPrompted: isPrompt };
  if (said === '') return call;
  const stage = stageHeard(script, call, said);
  const lead = stage ? withoutQuestion(said, question(playbook, stage, call.heard)) : said;
  const lastWords = isCut ? call.lastWords : lead;
  return stage ? { ...counted(playbook, { ...call, stage }), lastWords } : { ...call, lastWords };
}

/** The stage whose question was in the agent's words: the expected one, or the one a cut history leads to. */
function stageHeard({ playbook }: Script, { stage, heard }: Call, said: string): Stage | undefined {
  if (heardShare(question(playbook, stage, heard), said) >= understoodShare) return stage;
  return stage.at === 'over' ? undefined : stageOf(playbook, said, heard);
}

function counted(playbook: Playbook, call: Call): Call {
  const asked = question(playbook, call.stage, call.heard);
  return { ...call, isAsked: true, asked: { ...call.asked, [asked]: timesAsked(playbook, call) + 1 } };
}

function answered(script: Script, call: Call, content: string, isLast: boolean): Call {
  const { acknowledgements } = script.playbook;
  const scene: Scene = {
    script,
    stage: call.stage,
    heard: call.heard,
    isAsked: call.isAsked,
    isPrompted: call.isPrompted,
    answered: call.answeredTopics,
    lastWords: call.lastWords,
    acknowledgement: acknowledgements[call.turns % acknowledgements.length] ?? '',
    utterance: understand(content, script.playbook, script.prospect),
  };
  const decided = decide(scene);
  const move = isLast ? breakOff(scene, decided) : decided;
  const heard = move.heard ?? call.heard;
  const stage = move.ask === 'open' ? stageToAsk(script, call, move.stage, heard) : move.stage;
  const next: Call = {
    ...call,
    stage,
    heard,
    // After "hold on" or a silence the question that was heard is still the open one.
    isAsked: call.isAsked && move.ask === 'silent' && stage === call.stage,
    isPrompted: false,
    answeredTopics: move.topic ? [...call.answeredTopics, move.topic] : call.answeredTopics,
    turns: call.turns + 1,
    lastWords: move.ask === 'silent' ? call.lastWords : move.say.join(' '),
  };
  return { ...next, reply: [...move.say, ...asking(script, next, move)].join(' ') };
}

function asking({ playbook }: Script, call: Call, { ask }: Move): string[] {
  const times = timesAsked(playbook, call);
  if (ask === 'silent' || (ask === 'polite' && times >= mostAsked)) return [];
  return [(times === 0 ? opening : question)(playbook, call.stage, call.heard)];
}

// An address given earlier is only read back, and a question asked often enough is given up.
function stageToAsk(script: Script, call: Call, wanted: Stage, heard: Heard): Stage {
  const stage: Stage = wanted.at === 'email' && heard.email ? { ...wanted, at: 'emailCheck' } : wanted;
  const isTired = timesAsked(script.playbook, { ...call, stage, heard }) >= mostAsked;
  if (stage.at === 'over' || !isTired) return stage;
  return stageToAsk(script, call, givingUp(script.playbook, stage), heard);
}

function timesAsked(playbook: Playbook, { asked, stage, heard }: Call): number {
  return asked[question(playbook, stage, heard)] ?? 0;
}

function withoutQuestion(said: string, asked: string): string {
  return said.endsWith(asked) ? said.slice(0, said.length - asked.length).trim() : said;
}
