import { words } from './words.ts';

/** Every way a call can end. */
export const OUTCOMES = [
  'booked',
  'information-sent',
  'callback',
  'not-interested',
  'opted-out',
  'wrong-person',
  'voicemail',
  'no-decision',
] as const;

/** How a call ended. `no-decision`: the caller left, or the agent let go, before a yes or a no. */
export type Outcome = (typeof OUTCOMES)[number];

/**
 * Whether the caller asks not to be called again, however it is put: "take me off your list", "stop calling
 * me", "I don't want any more calls". A plain "stop" or "no", a refusal of the offer, a negated request
 * ("don't take me off the list") and a mere change of time ("don't call me tomorrow") are not opt-outs.
 * Works on punctuated text and on the bare words of a recogniser; English only. When in doubt it says yes:
 * a lost prospect costs less than a call to someone who asked for none.
 */
export function detectOptOut(text: string): boolean {
  const said = words(text).join(' ');
  return requests.some((request) =>
    Array.from(said.matchAll(request)).some((match) => !isTakenBack(said, match)),
  );
}

function anyOf(...choices: string[]): string {
  return `(?:${choices.join('|')})`;
}

const line = `(?:(?:phone|mobile|cell|office|work|business) )?(?:numbers?|phone)`;
const identity = anyOf(
  `(?:all )?(?:of )?(?:my|our) (?:name|company|office|business|details|contact|contact details|information|info|data)`,
  `(?:my|our|this|the|that) ${line}`,
);
const person = anyOf('me', 'us', identity);
const register = `(?:(?:\\w+ )?(?:lists?|databases?|systems?|records?|files?|crm|register|registry)|calls|everything)`;
const owner = `(?:of )?(?:(?:your|youre|you|the|that|this|any|all|these|all your) )?`;
const away = anyOf('off', 'of', 'out', 'out of', 'from');

// Where a request ends: the end of the turn, or a word that begins the next clause of a caller without punctuation.
const clause =
  'please thanks thank now immediately right today for okay ok then and i we im this its it or bye goodbye you completely entirely permanently again'.replaceAll(
    ' ',
    '|',
  );
const end = `(?=$| (?:${clause}|at once)(?: |$))`;

const negation = anyOf('dont', 'do not', 'never', 'not', 'shouldnt', 'mustnt', 'no one should');
const whoever =
  '(?:(?:you|people|guys|folks|ever|dare|allowed|bother|please|to|want|wish|like|anyone|your company) ){0,5}';
const call = anyOf(
  'call(?:ed|ing)?',
  'phone',
  'ring',
  'contact',
  'bother',
  'dial',
  'text',
  'email',
  'disturb',
  'telephone',
  'harass',
  'cold call',
);
const calling = anyOf(
  'call',
  'calling',
  'phoning',
  'ringing',
  'contacting',
  'bothering',
  'harassing',
  'dialing',
  'spamming',
  'texting',
  'cold calling',
  'disturbing',
);
const target = `(?: (?:me|us|here|any of us|anyone here|(?:my|our|this) (?:office|company|house|home|cell|mobile|phone|business|${line})))?`;
const evermore = '(?:again|anymore|any more|any longer|no more|ever)';
const otherTime = '(?! (?:me |us )?(?:tomorrow|later|today|before|until|on|at|in)\\b)';
const doNotCall = '(?:do not call|dont call|no call|dnc)';

const requests: readonly RegExp[] = [
  // "take me off (your list)", "get my number out of your system", "remove me", "I want my number deleted"
  `\\b(?:take|get|strike|scratch|cross|pull|wipe|remove|delete|erase|drop|unsubscribe) ${person} ${away} ${owner}${register}\\b`,
  `\\b(?:take|get|strike|scratch|cross) ${person} off${end}`,
  `\\b(?:remove|delete|erase|unsubscribe) ${person}${end}`,
  `\\b(?:lose|forget) ${identity}${end}`,
  `\\b${person} (?:to be |be )?(?:deleted|removed|erased|unsubscribed|taken off)\\b`,
  `\\b(?:(?:i|we) want|be|get|getting|got) (?:removed |deleted |taken )?${away} ${owner}${register}\\b`,
  // "don't you ever call me again", "could you not call here anymore", "do not call me"
  `(?<!\\b(?:customers|clients|they|people) )\\b${negation} ${whoever}${call}${target}(?: back)? ${evermore}\\b`,
  `(?<!\\b(?:i|we|they|you|customers|clients|people) )\\b(?:dont|do not|never) ${whoever}${call}(?: (?:me|us|here|(?:this|my|our) ${line}))?(?: back)?${end}(?! it\\b)`,
  // "I don't want you calling me", "no more calls", "I don't want to hear from you"
  `\\b${negation} (?:want|wish|like|accept|take|appreciate) (?:to (?:get|receive|have) )?(?:(?:any|anymore|more|these|your|further|those|cold|sales|marketing|unsolicited|phone|of) )*calls\\b`,
  `\\b(?:dont|do not|never) (?:want|wish|like) (?:you|you guys|you people|anyone|your company) (?:to )?(?:ever )?(?:${call}|${calling})\\b${otherTime}`,
  `\\b(?:dont|do not|never) (?:want|wish|like) to (?:be|get) (?:called|contacted|phoned|bothered|disturbed|on (?:your|the|this|any) list)\\b${otherTime}`,
  `\\b(?:dont|do not|never) (?:want|wish) to (?:ever )?hear from (?:you|your company|your people|anyone)\\b`,
  `\\bno (?:more|further) (?:phone |sales |cold |marketing )?calls\\b`,
  // "stop calling", "quit bothering us", "the third time you called please stop"
  `\\b(?:stop|quit|cease|no more) ${calling}(?! (?:it|him|her|them|that|those)\\b)${target}(?: ${evermore}\\b|${end})`,
  `\\byou (?:keep |kept |have |people )?(?:called|calling|phoned|phoning)(?: \\w+){0,3} stop(?=$| (?:it|now|this|that)$)`,
  // lists and legal words
  `\\b(?:put|add|place|mark|flag|list|register) ${person} (?:to |on |onto |in |as |for )?(?:your |the |a |our )?(?:internal |national )?${doNotCall}\\b`,
  `\\b(?:im|i am|we are|were|number is|on your|on the) (?:already )?(?:(?:on|in) )?(?:the )?(?:national )?${doNotCall} (?:list|register|registry)\\b`,
  `\\bopt (?:me |us )?out${end}(?! of\\b)`,
  `\\bopt(?:ing)? (?:me |us )?out (?:of|from) (?:(?:all|any|your|the|this|these|further|more|sales|marketing) )*(?:calls?|calling|lists?|contact|marketing|everything)\\b`,
  `\\bunsubscribe(?=$| please$| me| us)`,
  `\\b(?:revoke|withdraw|take back) (?:my|our) consent\\b`,
  `\\b(?:dont|do not|never|didnt|did not) (?:(?:give|gave|you|my) )*consent to (?:be called|be contacted|being called|you calling|(?:your|this|these)? ?calls?)\\b`,
  `\\b(?:leave|let) (?:me|us) alone\\b`,
].map((source) => new RegExp(source, 'g'));

/** "don't take me off", "I'm not asking you to stop calling", "they never stop calling", "what if I say stop calling". */
function isTakenBack(said: string, match: RegExpExecArray): boolean {
  return takenBack.test(said.slice(0, match.index));
}

const denial = 'dont|do not|never|didnt|did not|not';
const softly = '(?:(?:please|ever|just|actually|even) )*';
const takenBack = new RegExp(
  `(?:${[
    `\\b(?:${denial}|wont|will not|wouldnt) ${softly}`,
    `\\b(?:${denial}) (?:you )?(?:want|need|have|mean|ask|asked|asking|say|said|saying|tell|told|telling) (?:(?:me|you|us|them|it) )?to ${softly}`,
    `\\b(?:no need|no reason|instead of|rather than|without) (?:(?:for )?you )?(?:to )?`,
    `\\bwhy (?:(?:did|do|would) (?:you )?)?`,
    `\\bthem to |\\bthey |\\btold (?:me|us) (?:that )?you (?:would|will) `,
  ].join('|')})$`,
);
