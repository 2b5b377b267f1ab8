import { fill } from '../../outreach/line.ts';
import type { LineName } from '../../outreach/playbook.ts';
import type { Script } from './script.ts';
import { broken, following, type Heard, heardVariables, over, type Stage } from './stage.ts';
import type { Utterance } from './utterance.ts';

/** A caller's turn in its place: what the call has come to, and what was just said. */
export interface Scene {
  readonly script: Script;
  readonly stage: Stage;
  readonly heard: Heard;
  /** Whether the caller heard the stage's question, so that a yes or a bare answer belongs to it. */
  readonly isAsked: boolean;
  /** Whether the agent had just asked if the caller is still there. */
  readonly isPrompted: boolean;
  /** The topics of earlier moves. */
  readonly answered: readonly string[];
  /** What the agent said last, without the stage's question. */
  readonly lastWords: string;
  readonly acknowledgement: string;
  readonly utterance: Utterance;
}

/** What the agent does with a turn: say something, be at a stage, and ask that stage's question. */
export interface Move {
  readonly say: readonly string[];
  readonly stage: Stage;
  readonly heard?: Heard;
  /** `open`: ask the stage's question, or move on if it was asked too often. `polite`: leave it out then. `silent`: no question. */
  readonly ask: 'open' | 'polite' | 'silent';
  /** The objection this move answers, or `human` for the wish to talk to a person. */
  readonly topic?: string;
}

/** The first rule that has an answer decides; the last one always has. */
export function decide(scene: Scene): Move {
  for (const rule of rules) {
    const move = rule(scene);
    if (move) return move;
  }
  return stay(scene, scene.acknowledgement);
}

/** The move when there is no time left: it closes the call, and tells only a fact that was asked for. */
export function breakOff(scene: Scene, { stage, heard }: Move): Move {
  const { fact } = scene.utterance;
  const ending = broken(scene.script.playbook, stage);
  return { ...go(ending, heard), say: fact ? [sayTopic(scene, fact)] : [] };
}

type Rule = (scene: Scene) => Move | undefined;

const rules: readonly Rule[] = [
  optOut,
  afterTheEnd,
  silence,
  presence,
  strangers,
  interludes,
  contactDetails,
  slots,
  requests,
  objections,
  introductions,
  facts,
  answers,
  unknownQuestions,
];

function silence(scene: Scene): Move | undefined {
  if (!scene.utterance.isEmpty) return undefined;
  return { say: [line(scene, 'couldNotHear')], stage: scene.stage, ask: 'silent' };
}

/** "Yes, I am here" answers the agent's last question, not the one that is open. */
function presence({ isPrompted, utterance, stage }: Scene): Move | undefined {
  return isPrompted && utterance.isPresence ? go(stage) : undefined;
}

function optOut({ utterance }: Scene): Move | undefined {
  return utterance.intents.has('opt-out') ? go(over('opted-out')) : undefined;
}

function afterTheEnd(scene: Scene): Move | undefined {
  const { stage, utterance } = scene;
  if (stage.at !== 'over') return undefined;
  const wants = (intent: 'book' | 'interest' | 'callback' | 'email') => utterance.intents.has(intent);
  if (stage.outcome !== 'opted-out') {
    if (wants('email') || wants('callback')) return requests(scene);
    if (stage.outcome !== 'booked' && (wants('book') || wants('interest'))) return go({ at: 'slot' });
    if (utterance.fact)
      return { say: [sayTopic(scene, utterance.fact), line(scene, 'goodbye')], stage, ask: 'silent' };
    if (!scene.isAsked && !utterance.intents.has('goodbye')) return unheardEnd(scene);
  }
  return { say: [line(scene, 'goodbye')], stage, ask: 'silent' };
}

/** The caller spoke into the closing line: it is said again, unless they changed what it was to confirm. */
function unheardEnd({ stage, utterance, heard }: Scene): Move {
  const isMoved = utterance.slot.day !== undefined || utterance.slot.time !== undefined;
  if (stage.at !== 'over' || stage.outcome !== 'booked' || !isMoved) return go(stage);
  const merged = { ...heard, slot: { ...heard.slot, ...utterance.slot } };
  return go(slotStage(merged), merged);
}

/** Nobody to talk to: a machine, or someone else. */
function strangers({ stage, utterance }: Scene): Move | undefined {
  const isEarly = stage.at === 'greeting' || stage.at === 'reason';
  if (isEarly && utterance.intents.has('voicemail')) return go(over('voicemail'));
  return utterance.intents.has('wrong-person') ? go(over('wrong-person')) : undefined;
}

function interludes(scene: Scene): Move | undefined {
  const { stage, utterance, lastWords } = scene;
  if (utterance.intents.has('repeat')) return { say: lastWords ? [lastWords] : [], stage, ask: 'open' };
  if (utterance.intents.has('hold')) return { say: [line(scene, 'wait')], stage, ask: 'silent' };
  return utterance.intents.has('goodbye') ? farewell(scene) : undefined;
}

/** A caller who leaves: what was agreed stands, and a time named for a call is agreed. */
function farewell({ script, stage, utterance, heard }: Scene): Move | undefined {
  const isTimeGiven = utterance.slot.day !== undefined || utterance.slot.time !== undefined;
  if (isTimeGiven && (stage.at === 'callback' || utterance.intents.has('callback'))) return undefined;
  if (stage.at !== 'email' && stage.at !== 'emailCheck') return go(over('no-decision'));
  const isPromised = stage.purpose === 'demo' || heard.email !== undefined;
  return go(isPromised ? following(script.playbook, { ...stage, at: 'emailCheck' }) : over('no-decision'));
}

function contactDetails(scene: Scene): Move | undefined {
  const { stage, utterance, heard } = scene;
  if (utterance.email) return emailGiven(scene, { ...heard, email: utterance.email });
  if (!utterance.phone) return undefined;
  const known = { ...heard, phone: utterance.phone };
  return { say: [line(scene, 'notePhone', known)], stage, heard: known, ask: 'open' };
}

function emailGiven(scene: Scene, heard: Heard): Move {
  const { stage, utterance } = scene;
  if (stage.at === 'email' || stage.at === 'emailCheck') return go({ ...stage, at: 'emailCheck' }, heard);
  if (utterance.intents.has('email')) return go({ at: 'emailCheck', purpose: 'information' }, heard);
  return { say: [line(scene, 'noteEmail', heard)], stage, heard, ask: 'open' };
}

/** Days and times, where one was asked for or the caller proposes a meeting or a call. */
function slots(scene: Scene): Move | undefined {
  const { stage, utterance, heard } = scene;
  if (!utterance.slot.day && !utterance.slot.time) return undefined;
  const merged = { ...heard, slot: { ...heard.slot, ...utterance.slot } };
  const isBooking = ['slot', 'day', 'time', 'slotCheck'].includes(stage.at) || utterance.intents.has('book');
  if (
    isBooking ||
    (stage.at === 'offer' && utterance.polarity !== 'no' && !utterance.intents.has('callback'))
  ) {
    return go(slotStage(merged), merged);
  }
  const isCallback = stage.at === 'callback' || utterance.intents.has('callback');
  return isCallback ? go(over('callback'), { ...heard, slot: utterance.slot }) : undefined;
}

function slotStage({ slot }: Heard): Stage {
  if (!slot.day) return { at: 'day' };
  return slot.time ? { at: 'slotCheck' } : { at: 'time' };
}

/** What the caller asks the agent to do, or an outright question whether it is one of us. */
function requests(scene: Scene): Move | undefined {
  const { intents } = scene.utterance;
  if (intents.has('human')) return humanWanted(scene);
  if (intents.has('robot')) return stay(scene, line(scene, 'robot'));
  if (intents.has('email') && scene.stage.at !== 'email') return go({ at: 'email', purpose: 'information' });
  if (intents.has('callback') && scene.stage.at !== 'callback') return go({ at: 'callback' });
  if (intents.has('book')) return go(scene.heard.slot.day ? slotStage(scene.heard) : { at: 'slot' });
  return undefined;
}

function humanWanted(scene: Scene): Move {
  const topic = 'human';
  if (scene.answered.includes(topic)) return go({ at: 'callback' });
  return { say: [line(scene, 'human')], stage: { at: 'callback' }, ask: 'silent', topic };
}

/** Answered once; the second time the caller means it. */
function objections(scene: Scene): Move | undefined {
  const { objection } = scene.utterance;
  if (!objection) return undefined;
  if (scene.answered.includes(objection.topic)) return go(over('not-interested'));
  return {
    say: [sayTopic(scene, objection)],
    stage: afterTopic(scene),
    ask: 'polite',
    topic: objection.topic,
  };
}

function introductions(scene: Scene): Move | undefined {
  const { stage, script, utterance } = scene;
  const isGreeting = stage.at === 'greeting';
  if (utterance.intents.has('identity')) {
    const say = [line(scene, 'identity')];
    return isGreeting ? { say, stage: { at: 'reason' }, ask: 'open' } : { say, stage, ask: 'polite' };
  }
  if (!utterance.intents.has('purpose')) return undefined;
  if (isGreeting) return go({ at: 'reason' });
  return stay(scene, fill(script.playbook.product.pitch, {}));
}

function facts(scene: Scene): Move | undefined {
  const { fact } = scene.utterance;
  return fact && { say: [sayTopic(scene, fact)], stage: afterTopic(scene), ask: 'polite' };
}

// "Yes, and how much is it?" or "we use the Outlook calendar" answers the open question on the way.
function afterTopic({ script, stage, isAsked, utterance }: Scene): Stage {
  const isYes = utterance.polarity === 'yes' && ['greeting', 'reason', 'offer'].includes(stage.at);
  const isAnswer =
    stage.at === 'question' && utterance.polarity !== 'no' && !utterance.intents.has('question');
  return isAsked && (isYes || isAnswer) ? following(script.playbook, stage) : stage;
}

/** The answer to the stage's own question. */
function answers(scene: Scene): Move | undefined {
  const { stage, script, utterance, isAsked, acknowledgement } = scene;
  if (!isAsked) return undefined;
  const yes = utterance.polarity === 'yes' || utterance.intents.has('interest');
  const no = utterance.polarity === 'no';
  const next = following(script.playbook, stage);
  switch (stage.at) {
    case 'greeting':
      return go(no ? { at: 'callback' } : next);
    case 'question':
      if (utterance.intents.has('question')) return undefined;
      return { say: [acknowledgement], stage: next, ask: 'open' };
    case 'reason':
    case 'offer':
      if (no) return go(over('not-interested'));
      return yes ? go(next) : undefined;
    case 'slotCheck':
      if (no) return go({ at: 'slot' }, { ...scene.heard, slot: {} });
      return yes ? go(next) : undefined;
    case 'emailCheck':
      if (no) return go({ ...stage, at: 'email' }, { slot: scene.heard.slot });
      return yes ? go(next) : undefined;
    case 'email':
      return no ? go(over(stage.purpose === 'demo' ? 'booked' : 'no-decision')) : undefined;
    case 'slot':
    case 'day':
    case 'time':
      return no ? go(over('no-decision')) : undefined;
    case 'callback':
      return no ? go(over('callback')) : undefined;
    case 'over':
      return undefined;
    default:
      return stage satisfies never;
  }
}

function unknownQuestions(scene: Scene): Move | undefined {
  return scene.utterance.intents.has('question') ? stay(scene, line(scene, 'unknown')) : undefined;
}

function go(stage: Stage, heard?: Heard): Move {
  return { say: [], stage, ask: 'open', ...(heard && { heard }) };
}

function stay({ stage }: Scene, sentence: string): Move {
  return { say: [sentence], stage, ask: 'open' };
}

function line({ script, heard }: Scene, name: LineName, known: Heard = heard): string {
  return fill(script.playbook.lines[name], heardVariables(known));
}

function sayTopic({ heard }: Scene, topic: { readonly say: Parameters<typeof fill>[0] }): string {
  return fill(topic.say, heardVariables(heard));
}
