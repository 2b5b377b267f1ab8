import { agentReply } from '../../../src/local/agent/agent.ts';
import { defaultPlaybook } from '../../../src/outreach/northgate.ts';
import type { Outcome } from '../../../src/outreach/outcome.ts';
import type { LineName } from '../../../src/outreach/playbook.ts';
import { spokenLine, systemPrompt } from '../../../src/outreach/prompt.ts';
import type { Prospect } from '../../../src/outreach/prospect.ts';

export interface Message {
  readonly role: string;
  readonly content: string;
}

/** A call with the scripted agent: the greeting is spoken, then each `say` returns the agent's reply. */
export class Scene {
  readonly messages: Message[];
  /** How the last reply wants the call to end, if it does. */
  ending: Outcome | undefined;
  readonly #prospect: Prospect;

  constructor(prospect: Prospect = { name: 'Sam', company: 'Acme' }) {
    this.#prospect = prospect;
    this.messages = [
      { role: 'system', content: systemPrompt(defaultPlaybook, prospect) },
      { role: 'assistant', content: this.line('greeting') },
    ];
  }

  say(...utterances: readonly string[]): string {
    let reply = '';
    for (const content of utterances) {
      this.messages.push({ role: 'user', content });
      const { content: answer, ending } = agentReply(this.messages);
      reply = answer;
      this.ending = ending;
      this.messages.push({ role: 'assistant', content: reply });
    }
    return reply;
  }

  /** The caller heard only the first `words` words of the last reply. */
  cut(words: number): void {
    const last = this.messages.pop()?.content ?? '';
    const content = `${last.split(' ').slice(0, words).join(' ')} (interrupted)`;
    this.messages.push({ role: 'assistant', content });
  }

  line(name: LineName): string {
    return spokenLine(defaultPlaybook, this.#prospect, name);
  }
}
