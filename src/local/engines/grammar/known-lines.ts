import type { WordGraph } from './word-graph.ts';

/** The share of all utterances that is expected to be a known line. */
const LINE_SHARE = 0.25;
/** How likely a line that has begun goes on as written, at every word. */
const FAITHFUL_SHARE = 0.95;
/** How likely another known line follows without a pause. */
const NEXT_LINE_SHARE = 0.4;

/** The least likelihood of a turn in the tree; rarer turns would be given up by the search before they can prove right. */
const LEAST_TURN_SHARE = 0.05;
const TRUNK = 'line';

/** Places of the graph that known lines are tied to. */
export interface LineTies {
  readonly start: string;
  readonly final: string;
  /** The state after a word outside of any line. */
  readonly after: (word: string) => string;
}

interface Node {
  readonly next: Map<string, Node>;
  /** Lines that pass through, and lines that end here. */
  passing: number;
  ending: number;
}

/**
 * Adds whole lines that are likely to be said word for word, as a tree of their words. Pairs of words alone would let
 * the search wander between lines that share words. A speaker may leave a line after any word.
 */
export function addKnownLines(graph: WordGraph, lines: readonly (readonly string[])[], ties: LineTies): void {
  const root = emptyNode();
  for (const line of lines) plant(root, line);
  if (root.passing === 0) return;
  graph.add(ties.start, TRUNK, LINE_SHARE);
  grow(graph, root, TRUNK, ties, 1);
}

function emptyNode(): Node {
  return { next: new Map(), passing: 0, ending: 0 };
}

function plant(root: Node, line: readonly string[]): void {
  let node = root;
  node.passing++;
  for (const word of line) {
    const next = node.next.get(word) ?? emptyNode();
    node.next.set(word, next);
    node = next;
    node.passing++;
  }
  node.ending++;
}

function grow(graph: WordGraph, node: Node, state: string, ties: LineTies, share: number): void {
  for (const [word, next] of node.next) {
    const reached = `${state} ${word}`;
    const taken = Math.max(next.passing / node.passing, LEAST_TURN_SHARE);
    graph.add(state, reached, share * taken, word);
    graph.add(reached, ties.after(word), 1 - FAITHFUL_SHARE);
    if (next.ending > 0) {
      const ended = (FAITHFUL_SHARE * next.ending) / next.passing;
      graph.add(reached, ties.final, ended * (1 - NEXT_LINE_SHARE));
      graph.add(reached, TRUNK, ended * NEXT_LINE_SHARE);
    }
    grow(graph, next, reached, ties, FAITHFUL_SHARE);
  }
}
