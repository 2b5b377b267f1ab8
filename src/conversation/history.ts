import type { Message } from './events.ts';

/** How many messages the model is shown, besides the prompt. */
const MAX_MESSAGES = 60;
/** How many characters they may have together; older ones are left out first. */
const MAX_CHARACTERS = 24_000;
/** Marks an agent message that the caller cut short; the text before it is what was heard. */
export const INTERRUPTED = '(interrupted)';

/** What was said and heard, oldest first, as the model is shown it. Caller and agent alternate. */
export class History {
  readonly #messages: Message[] = [];
  /** The agent's last words: the message that holds them, and what it was before them. */
  #latest: { readonly message: Message | undefined; readonly before: Message | undefined } | undefined;

  #version = 0;

  /** What was said and heard so far; the prompt is not among it. */
  get all(): readonly Message[] {
    return this.#messages;
  }

  /** Grows with every change. */
  get version(): number {
    return this.#version;
  }

  /** Goes on from what another object kept. */
  remember(messages: readonly Message[]): void {
    this.#messages.push(...messages);
  }

  /** Words of the caller; they join the previous ones when the agent said nothing in between. */
  caller(text: string): void {
    this.#add('user', text);
    // Words that were not remembered would have to come before these, which may have joined others.
    if (this.#latest?.message === undefined) this.#latest = undefined;
  }

  /** Words of the agent that sounded. Nothing is kept of a reply of which nothing was heard. */
  agent(heard: string, interrupted: boolean): void {
    const last = this.#messages.at(-1);
    const before = last?.role === 'assistant' ? last : undefined;
    if (heard !== '') this.#add('assistant', interrupted ? `${heard} ${INTERRUPTED}` : heard);
    this.#latest = { message: heard === '' ? undefined : this.#messages.at(-1), before };
  }

  /** Puts these words in place of the agent's last ones, as far as these can still be told from others. */
  correct(heard: string, interrupted: boolean): void {
    if (this.#latest === undefined) return;
    const { message, before } = this.#latest;
    const at = message === undefined ? this.#messages.length : this.#messages.indexOf(message);
    if (at < 0) return;
    this.#version++;
    const [, ...later] = this.#messages.splice(at);
    if (message !== undefined && before !== undefined) this.#messages.push(before);
    this.agent(heard, interrupted);
    this.#latest = undefined;
    for (const { role, content } of later) if (role !== 'system') this.#add(role, content);
  }

  /** The prompt followed by the newest messages that fit; the first of them is never cut in two. `pending` are words of the caller that are not remembered yet. */
  messages(systemPrompt: string, pending = ''): readonly Message[] {
    const prompt: Message = { role: 'system', content: systemPrompt };
    const last = this.#messages.at(-1);
    if (pending === '') return [prompt, ...this.#messages];
    if (last?.role !== 'user') return [prompt, ...this.#messages, { role: 'user', content: pending }];
    const joined: Message = { role: 'user', content: `${last.content} ${pending}` };
    return [prompt, ...this.#messages.slice(0, -1), joined];
  }

  #add(role: 'user' | 'assistant', content: string): void {
    const last = this.#messages.at(-1);
    this.#version++;
    if (last?.role === role) {
      this.#messages[this.#messages.length - 1] = { role, content: `${last.content} ${content}` };
    } else {
      this.#messages.push({ role, content });
    }
    this.#forget();
  }

  #forget(): void {
    let characters = this.#messages.reduce((sum, message) => sum + message.content.length, 0);
    while (
      this.#messages.length > 1 &&
      (this.#messages.length > MAX_MESSAGES || characters > MAX_CHARACTERS)
    ) {
      characters -= this.#messages.shift()?.content.length ?? 0;
    }
  }
}
