import { describe, expect, it } from 'vitest';
import { History } from '../../../src/conversation/history.ts';

/** The history as lines, `user: …` and `assistant: …`. */
function lines(history: History): readonly string[] {
  return history
    .messages('PROMPT')
    .slice(1)
    .map(({ role, content }) => `${role}: ${content}`);
}

describe('a correction of what was heard', () => {
  it('[H1] replaces the last words of the agent', () => {
    const history = new History();
    history.caller('Go on');
    history.agent('One two three', true);
    history.correct('One two', true);
    expect(lines(history)).toEqual(['user: Go on', 'assistant: One two (interrupted)']);
  });

  it('[H1] leaves what the agent had said before', () => {
    const history = new History();
    history.agent('Hello there.', false);
    history.agent('Are you still', true);
    history.correct('Are you', true);
    expect(lines(history)).toEqual(['assistant: Hello there. Are you (interrupted)']);
  });

  it('[H1] finds them behind newer words of the caller', () => {
    const history = new History();
    history.caller('Go on');
    history.agent('One two three', true);
    history.caller('Stop');
    history.correct('One', true);
    expect(lines(history)).toEqual(['user: Go on', 'assistant: One (interrupted)', 'user: Stop']);
  });

  it('[H4] joins the words of the caller around them when nothing was heard', () => {
    const history = new History();
    history.caller('Go on');
    history.agent('One', true);
    history.caller('please');
    history.correct('', true);
    expect(lines(history)).toEqual(['user: Go on please']);
  });

  it('[H1] adds words that had been taken for unheard, as long as nobody has spoken since', () => {
    const history = new History();
    history.caller('Go on');
    history.agent('', true);
    history.correct('One', true);
    expect(lines(history)).toEqual(['user: Go on', 'assistant: One (interrupted)']);
  });

  it('[H1] does not put them behind words of the caller that came later', () => {
    const history = new History();
    history.caller('Go on');
    history.agent('', true);
    history.caller('please');
    history.correct('One', true);
    expect(lines(history)).toEqual(['user: Go on please']);
  });

  it('[H1] is made once, and of nothing nothing', () => {
    const history = new History();
    history.correct('One', true);
    expect(lines(history)).toEqual([]);
    history.agent('One two', true);
    history.correct('One', true);
    history.correct('One two', true);
    expect(lines(history)).toEqual(['assistant: One (interrupted)']);
  });
});
