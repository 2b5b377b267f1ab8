import { detectOptOut } from '../../outreach/outcome.ts';
import type { Answer, Playbook } from '../../outreach/playbook.ts';
import type { Prospect } from '../../outreach/prospect.ts';
import { words } from '../../outreach/words.ts';
import { readEmail, readPhone, readSlot, type Slot } from './details.ts';

/** What a caller's utterance may be about, apart from the playbook's own topics. One utterance can be several. */
export type Intent =
  | 'opt-out'
  | 'voicemail'
  | 'wrong-person'
  | 'goodbye'
  | 'hold'
  | 'repeat'
  | 'human'
  | 'robot'
  | 'email'
  | 'callback'
  | 'book'
  | 'identity'
  | 'purpose'
  | 'interest'
  | 'question';

/** A caller's utterance, understood as far as the scripted agent can. */
export interface Utterance {
  readonly isEmpty: boolean;
  /** Whether it says no more than that somebody is on the line. */
  readonly isPresence: boolean;
  readonly intents: ReadonlySet<Intent>;
  readonly polarity: 'yes' | 'no' | undefined;
  readonly slot: Slot;
  readonly email: string | undefined;
  readonly phone: string | undefined;
  readonly objection: Answer | undefined;
  readonly fact: Answer | undefined;
}

/** Understands one utterance; the words may come from a recogniser, without punctuation and slightly wrong. */
export function understand(text: string, playbook: Playbook, prospect: Prospect): Utterance {
  const said = words(text);
  const email = readEmail(text);
  const phone = readPhone(text);
  const topic = bestTopic(said, playbook);
  return {
    isEmpty: said.length === 0,
    isPresence: said.every((word) => presenceWords.has(word)),
    intents: intentsOf(text, said.join(' '), prospect),
    polarity: polarityOf(said.join(' ')),
    slot: email || phone ? {} : readSlot(text),
    email,
    phone,
    objection: topic && playbook.objections.includes(topic) ? topic : undefined,
    fact: topic && playbook.facts.includes(topic) ? topic : undefined,
  };
}

const presenceWords = new Set(
  'yes yeah yep yup sure okay ok uh um oh hello hi sorry i im am we are were still here there listening'.split(
    ' ',
  ),
);

// The questions of a playbook get free answers ("we send it by e-mail", "on a computer"): a pattern asks for
// the words of a request, not for its topic alone.
const patterns: Readonly<Record<Exclude<Intent, 'opt-out'>, readonly RegExp[]>> = {
  voicemail: [
    /\bafter the (?:tone|beep)\b|\bleave (?:a|your|me a) (?:message|name)\b|\bvoice ?mail\b|\bmailbox\b/,
    /\b(?:cannot|cant|unable to|not available to) (?:take|answer) your call\b/,
  ],
  'wrong-person': [
    /\bwrong (?:number|person|company|office)\b|\bleft the company\b/,
    /\bno ?(?:one|body) (?:here )?(?:by|with|of|called|named)\b/,
    /\b(?:doesnt|does not|no longer) works? here\b/,
  ],
  goodbye: [
    /\b(?:good ?bye|bye|see you|talk to you (?:later|soon)|hang(?:ing)? up|thats all)\b/,
    /\b(?:i have to go|ive got to go|i need to go|i must go|i gotta go)\b/,
    /\bhave a (?:nice|good|great) (?:day|one|evening|weekend)\b/,
  ],
  hold: [
    /^(?:(?:please|sorry|okay|oh|yes|um|uh) )*(?:hold on|hang on|wait|one moment|one second|(?:just|give me|wait) a (?:moment|second|minute|sec))(?: (?:please|a second|a moment|a minute|for a second|one second))*$/,
  ],
  repeat: [
    /\b(?:can|could|would) you repeat\b|\brepeat (?:that|it|please|the question)\b|^repeat\b|\bpardon\b|\bcome again\b/,
    /\bsay (?:that|it) again\b|\bwhat did you (?:say|ask)\b|\bwhat was (?:that|the question)\b|\bcant hear you\b/,
    /\b(?:didnt|did not|dont) (?:catch|hear|understand|get)(?: (?:that|you|it|what|the)\b|$)/,
    /\b(?:speak up|slower|more slowly|slow down)\b|^(?:sorry|what|huh|sorry what|excuse me|what sorry)$/,
  ],
  human: [
    /\b(?:speak|talk) (?:with|to) (?:a |an |the |your )?(?:real |actual |live )?(?:human|person|someone|somebody|agent|colleague|representative|sales|people)\b(?! or\b)/,
    /\b(?:connect|transfer|put) me\b/,
  ],
  robot: [
    /\b(?:robot|chatbot|real person|real human|human being|artificial)\b|\byou sound like\b/,
    /\b(?:are you|is this|is it|youre|you are|talking (?:to|with)|speaking (?:to|with)) (?:even |actually |really |just )?(?:a |an )?(?:human|real|machine|bot|computer|ai|a i|i|recording|automated|person)\b/,
  ],
  email: [
    /\b(?:send|mail|email|forward) (?:me|us)\b/,
    /(?:\b(?:can|could|would|will) you (?:\w+ )?|^(?:(?:just|please|no|yes|maybe|okay|then) )*)(?:send|mail|email|forward) (?:it|over|something|some|the|that|an? email|an? mail|more|information|details)\b/,
    /^(?:(?:just|please|no|yes|maybe) )*(?:by|an?|via) email\b|\bprefer (?:an )?email\b|\bwrite (?:to )?me\b/,
  ],
  callback: [
    /\b(?:call|ring|phone) (?:me|us) (?:back|again|later|tomorrow|today|next|another|some other|on|this|in|at|after)\b/,
    /\bcall back\b|\btry (?:me )?(?:again|later|tomorrow|another)\b|\btalk (?:later|tomorrow|another)\b|\bmaybe later\b/,
    /\b(?:another|some other|a better|a different) (?:time|day)\b|\bin the middle of\b|\bcant (?:talk|speak)\b/,
    /\b(?:im|am|very|too|so|bit|really|quite|pretty) busy\b|\bbusy (?:right )?now\b|^(?:no |sorry )*busy\b|\b(?:im|i am) (?:driving|at work|on another call)\b/,
    /\bin a meeting\b|\bno time\b|\bbad time\b|\bnot (?:right )?now\b|\bnot today\b|\bnot at the moment\b/,
    /\b(?:dont|do not) (?:really )?have (?:the |any |much )?time\b|\bnot (?:a |such a |the )?(?:good|great|best|right) (?:time|moment)\b/,
  ],
  book: [
    /\b(?:schedule|book|arrange|set up|organi[sz]e) (?:\w+ ){0,3}?(?:demo|meeting|appointment|a call|time)\b/,
    /\b(?:want|like|see|have|show me|get|do|for) (?:\w+ ){0,2}?demo\b|^(?:(?:a|the|yes|okay|sure) )*demo$/,
    /\blets (?:meet|talk|schedule|book)\b|\bbook me\b|\bsign (?:me|us) up\b/,
  ],
  identity: [
    /\bwho (?:is|are|am i|was) (?:this|you|that|it|there|calling|speaking|talking)\b|\bwhos (?:this|that|there|calling|speaking)\b/,
    /\byour name\b|\b(?:what|which) company\b|\bcalling from\b|\bwho do you work for\b|\bwhere are you from\b/,
  ],
  purpose: [
    /\bwhat(?: is|s) (?:this|it|that|the call)(?: call)? (?:all )?about\b|\bwhy (?:are you|do you|you) call(?:ing)?\b/,
    /\bwhat do you (?:want|sell|do|offer)\b|\bwhat are you (?:selling|offering|calling)\b|\bwhat does your company\b/,
    /\bwhat(?: is|s) (?:it|this|the product|your product|the reason)\b|\b(?:what|how) can i (?:do for|help) you\b/,
  ],
  interest: [
    /\btell me more\b|(?<!not )\b(?:im|i am|we are) interested\b|\b(?:go ahead|go on|please continue)\b|(?<!not )\binteresting\b/,
    /\bsounds (?:good|great|interesting)\b|\blets (?:do|try) (?:it|that)\b|\bonly have a minute\b|\bquick\b/,
  ],
  question: [
    /^(?:(?:and|so|but|okay|well|yes|no|um|uh) )*(?:what|how|why|when|where|who|which|whose|does|do you|did|is (?:it|there|this|that|your)|are (?:you|there|they)|can|could|will|would (?:it|you)|have you|has)\b/,
    /\b(?:tell me|like to know|want to know|explain)\b|^and the\b/,
  ],
};

// Object.keys forgets the names of the keys; a Record has exactly those of its type.
const intentNames = Object.keys(patterns) as (keyof typeof patterns)[];

function intentsOf(text: string, said: string, prospect: Prospect): Set<Intent> {
  const intents = new Set<Intent>(
    intentNames.filter((intent) => patterns[intent].some((pattern) => pattern.test(said))),
  );
  if (detectOptOut(text)) intents.add('opt-out');
  const first = words(prospect.name ?? '')[0];
  if (first && new RegExp(`\\b(?:not|isnt|no) ${first}\\b`, 'u').test(said)) intents.add('wrong-person');
  return intents;
}

// An outright yes or no beats a mild one, and the last of them counts: "okay no", "no wait yes".
function polarityOf(text: string): 'yes' | 'no' | undefined {
  const said = text.replace(/\bno (?:problem|worries)\b|\bwhy not\b|\bdont mind\b/g, 'sure');
  const outright = Array.from(said.matchAll(outrightWords)).at(-1)?.[0];
  if (outright)
    return /^(?:yes|yeah|yep|yup|yea|ja|absolutely|definitely|of course)$/.test(outright) ? 'yes' : 'no';
  return mildYes.test(said) ? 'yes' : undefined;
}

const outrightWords =
  /\b(?:yes|yeah|yep|yup|yea|absolutely|definitely|of course|no|nope|nah|not really|not interested|dont think so|rather not|(?:dont|do not) (?:want|need)|not for us|(?:is not|isnt|not|thats not) (?:right|correct|true)|wrong|incorrect|never)\b/g;
const mildYes =
  /\b(?:sure|ok|okay|right|correct|exactly|certainly|fine|great|perfect|good|alright|all right|go ahead|go on|works|i guess|i suppose|please do|tell me more|im interested|i am interested|lets do|lets try|speaking|uh huh|mm hmm|mhm|i do|i would|we do)\b/;

/** The objection or fact whose cue fits best: the one with most words; objections win a tie. */
function bestTopic(said: readonly string[], playbook: Playbook): Answer | undefined {
  const stems = said.map(stem);
  let best: { readonly answer: Answer; readonly weight: number } | undefined;
  for (const answer of [...playbook.objections, ...playbook.facts]) {
    const weight = Math.max(...answer.cues.map((cue) => cueWeight(stems, words(cue).map(stem))));
    if (weight > (best?.weight ?? 0)) best = { answer, weight };
  }
  return best?.answer;
}

/** How many words of the cue were said in its order with at most `looseWords` others between, or 0 if not all were. */
function cueWeight(said: readonly string[], cue: readonly string[]): number {
  for (let from = said.indexOf(cue[0] ?? ''); from >= 0; from = said.indexOf(cue[0] ?? '', from + 1)) {
    if (follows(said, from, cue)) return cue.length;
  }
  return 0;
}

const looseWords = 2;

function follows(said: readonly string[], from: number, cue: readonly string[]): boolean {
  let at = from;
  for (const word of cue.slice(1)) {
    const next = said.indexOf(word, at + 1);
    if (next < 0 || next - at > looseWords + 1) return false;
    at = next;
  }
  return true;
}

// Enough to make "prices" meet "price" and "integrates" meet "integrate".
function stem(word: string): string {
  return word.length > 3 && word.endsWith('s') && !word.endsWith('ss') ? word.slice(0, -1) : word;
}
