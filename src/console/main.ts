import { Call } from '../client/call.ts';
import type { CallNews } from '../client/news.ts';
import type { CallProblem } from '../client/problem.ts';
import { latencyWords } from './latency.ts';
import { element } from './page.ts';
import { askHealth, showProviders } from './providers.ts';
import { Settings } from './settings.ts';
import { Status } from './status.ts';
import { askRefusal, ticketOfLink } from './ticket.ts';
import { Transcript } from './transcript.ts';
import { endWords, missingWords, refusalWords, stageWords, stateWords } from './words.ts';

const start = element('start', HTMLButtonElement);
const end = element('end', HTMLButtonElement);
const startTyping = element('start-typing', HTMLButtonElement);
const mute = element('mute', HTMLButtonElement);
const say = element('say', HTMLFormElement);
const words = element('words', HTMLInputElement);
const send = element('send', HTMLButtonElement);
const announcer = element('announcer', HTMLElement);
const latency = element('latency', HTMLElement);

const status = new Status();
const transcript = new Transcript();
const settings = new Settings();
let ticket = ticketOfLink();
let call: Call | undefined;
let wasTyping = false;

start.addEventListener('click', () => place({ microphone: true }));
startTyping.addEventListener('click', () => place({ microphone: false }));
end.addEventListener('click', () => call?.hangUp());
mute.addEventListener('click', () => showMuted(mute.getAttribute('aria-pressed') !== 'true'));
say.addEventListener('submit', (event) => {
  event.preventDefault();
  const text = words.value.trim();
  if (text !== '') call?.say(text);
  words.value = '';
});
addEventListener('pagehide', () => call?.hangUp());
// A new link opened in this tab changes the address alone: the page is not loaded again.
addEventListener('hashchange', () => {
  ticket = ticketOfLink();
  status.clearProblems();
  void checkLink();
});
void checkServer();
void checkLink();

/** Places a call; only ever from a click, which is what lets the browser make sound. */
function place({ microphone }: { readonly microphone: boolean }): void {
  call?.hangUp();
  status.clearProblems();
  transcript.clear();
  latency.textContent = '';
  const placed: Call = new Call({ url: '/ws', microphone, ...linked(), ...settings.chosen }, (news) => {
    if (call === placed) hear(news);
  });
  call = placed;
  showStage('call');
  mute.hidden = !microphone;
  end.focus();
  void placed.start();
}

function linked(): { readonly ticket?: string } {
  return ticket === undefined ? {} : { ticket };
}

/** Tells a caller with a link that no longer lets in so before the call, rather than after it has asked for the microphone. */
async function checkLink(): Promise<void> {
  if (ticket !== undefined) await showRefusal();
}

/** Shows why the server lets this caller not in; the answer is false if it says nothing of it. */
async function showRefusal(): Promise<boolean> {
  const words = refusalWords((await askRefusal(ticket)) ?? '');
  if (words !== undefined) status.problem(words);
  return words !== undefined;
}

/** Shows one piece of news of the running call. */
function hear(news: CallNews): void {
  switch (news.kind) {
    case 'stage':
      status.show('waiting', stageWords[news.stage]);
      if (news.stage === 'reconnecting') showLost();
      break;
    case 'resumed':
      showBack();
      break;
    case 'connected':
      showProviders(news.welcome.providers);
      settings.offer(news.welcome.voices);
      status.startTimer();
      showConnected(true);
      break;
    case 'state':
      status.show(news.state, stateWords[news.state]);
      break;
    case 'caller':
      transcript.caller(news.turnId, news.text, news.final);
      if (news.final) announcer.textContent = `You: ${news.text}`;
      break;
    case 'agent-start':
      break;
    case 'agent':
      transcript.agent(news.utteranceId, news.text);
      break;
    case 'cut':
      transcript.cut(news.utteranceId, news.heardShare);
      break;
    case 'counted':
      transcript.counted(news.utteranceId, news.said, news.heard);
      latency.textContent = latencyWords(news.metrics) ?? '';
      break;
    case 'level':
      status.level(news.who, news.level);
      break;
    case 'warning':
      showRemaining(news.remainingMs);
      break;
    case 'problem':
      void showProblem(news.problem);
      break;
    case 'ended':
      showEnded(news.reason);
      break;
    default:
      news satisfies never;
  }
}

async function showProblem(problem: CallProblem): Promise<void> {
  if (problem.kind.startsWith('mic-')) startTyping.hidden = false;
  if (problem.kind !== 'socket-refused') {
    status.problem(problem.message);
    return;
  }
  if (await showRefusal()) return;
  const known = await checkServer();
  if (known) status.problem(problem.message);
}

/** Shows the server's providers and, in words, what keeps it from taking calls; the answer is false if anything does. */
async function checkServer(): Promise<boolean> {
  const health = await askHealth();
  if (health === undefined) {
    status.problem('The server cannot be reached. Check that it is running, then reload this page.');
    return false;
  }
  showProviders(health.providers);
  const missing = missingWords(health.providers);
  for (const words of [missing ?? [], health.problems].flat()) status.problem(words);
  return missing === undefined && health.problems.length === 0;
}

/** A call has a longest duration; its approach is told once, quietly. */
function showRemaining(remainingMs: number): void {
  const remaining = remainingWords(remainingMs);
  transcript.note(remaining);
  announcer.textContent = remaining;
}

function remainingWords(remainingMs: number): string {
  const minutes = Math.round(remainingMs / 60_000);
  if (minutes < 1) return 'The call ends in less than a minute.';
  return `The call ends in about ${minutes === 1 ? 'a minute' : `${minutes} minutes`}.`;
}

function showEnded(reason: string): void {
  transcript.note(endWords(reason));
  status.stopTimer();
  status.show('ended', stateWords.ended);
  showConnected(false);
  showMuted(false);
  showStage('idle');
  start.focus();
}

function showStage(stage: 'idle' | 'call'): void {
  document.body.dataset['stage'] = stage;
  start.hidden = stage === 'call';
  end.hidden = stage === 'idle';
  if (stage === 'call') startTyping.hidden = true;
  mute.hidden = stage === 'idle';
}

function showLost(): void {
  wasTyping = document.activeElement === words;
  showConnected(false);
}

/** What the agent is doing follows at once. Who was typing goes on typing. */
function showBack(): void {
  status.show('listening', stateWords.listening);
  showConnected(true);
  if (wasTyping) words.focus();
}

/** Only a connected call can be typed to. */
function showConnected(connected: boolean): void {
  words.disabled = !connected;
  send.disabled = !connected;
}

function showMuted(muted: boolean): void {
  call?.mute(muted);
  mute.setAttribute('aria-pressed', String(muted));
  mute.textContent = muted ? 'Unmute' : 'Mute';
}
