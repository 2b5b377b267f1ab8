import { expect, it } from 'vitest';
import { addKnownLines } from '../../../src/local/engines/grammar/known-lines.ts';
import { WordGraph } from '../../../src/local/engines/grammar/word-graph.ts';

const ties = { start: 'start', final: 'final', after: (word: string) => `after ${word}` };

function steps(lines: readonly string[]): readonly string[] {
  const graph = new WordGraph();
  addKnownLines(
    graph,
    lines.map((line) => line.split(' ')),
    ties,
  );
  return graph
    .text('start', 'final')
    .split('\n')
    .filter((line) => line.startsWith('TRANSITION'));
}

it('shares the beginnings of lines', () => {
  const words = steps(['good morning', 'good evening'])
    .map((step) => step.split(' ')[4])
    .filter((word) => word);
  expect(words.sort()).toEqual(['evening', 'good', 'morning']);
});

it('lets a speaker leave a line after any word, and end or go on to another at its end', () => {
  const free = steps(['good morning']).filter((step) => step.split(' ').length === 4);
  // From the start into the tree, away after each of two words, to the end, and to the next line.
  expect(free).toHaveLength(5);
});

it('adds nothing for no lines', () => {
  expect(steps([])).toEqual([]);
});
