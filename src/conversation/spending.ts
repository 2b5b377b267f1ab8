import { type CallEvent, type Command, send } from './events.ts';

/** A token is about four characters of English (OpenAI, what are tokens); every message has a few of its own. */
const CHARACTERS_PER_TOKEN = 4;
const TOKENS_PER_MESSAGE = 4;

/**
 * The model's tokens that a call has used up, its own estimate: not every server tells, and one that is cut off does
 * not. Requests count with everything they show the model, answers by their pieces, dropped ones included.
 */
export class Spending {
  readonly #budget: number;
  #tokens = 0;

  /** `budget`: how many tokens a call may use up. */
  constructor(budget: number) {
    this.#budget = budget;
  }

  /** Goes on from what another object had counted. */
  remember(tokens: number): void {
    this.#tokens = tokens;
  }

  get tokens(): number {
    return this.#tokens;
  }

  /** Nothing more is to be asked of the model. */
  get spent(): boolean {
    return this.#tokens >= this.#budget;
  }

  heard(event: CallEvent): void {
    if (event.type === 'model.text') this.#tokens++;
  }

  ordered(command: Command): void {
    if (command.type !== 'model.ask') return;
    for (const { content } of command.messages)
      this.#tokens += TOKENS_PER_MESSAGE + Math.ceil(content.length / CHARACTERS_PER_TOKEN);
  }
}

/** Tells the client that the budget is spent. */
export const BUDGET_SPENT = send('voicechat.error', {
  code: 'budget_spent',
  message: 'The call has used up the language model tokens that a call may use; the agent says goodbye.',
  retryable: false,
});
