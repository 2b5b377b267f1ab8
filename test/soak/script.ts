import type { ScriptInput } from '../../src/local/script/script.ts';

/** What the callers of a soak turn out to have said, and what they get to hear, at the pace of the vendors. */
export const script = {
  recogniser: {
    utterances: [
      { text: 'What does it cost?' },
      { text: 'How long does it take to set up?' },
      { text: 'Okay.' },
      { text: 'Can you tell me how you got my number?' },
      { text: 'Wait, stop please.' },
      { text: 'We already use something else for that.' },
      { text: 'Uh-huh.' },
      { text: 'No, tell me about the contract first.' },
      { text: 'My number is two one two, five five five.' },
      { text: 'Is there a discount for a whole year?' },
      { text: '' },
      { text: 'Who else uses it, and what do they say about it?' },
      { text: 'I would like to think about it, and' },
      { text: 'Does it work with our calendar?' },
      { text: 'Hold on a minute.' },
      { text: 'Monday would be good for us.' },
      { text: 'That sounds fine.' },
      { text: 'Please take me off your list.' },
    ],
  },
  model: {
    replies: [
      'It costs twenty dollars for each person a month. There is no setup fee, and the first month is free.',
      'The setup takes about two days. We do it with you.',
      'About two hundred service teams plan with us today. Most of them begin with two people and one van.',
      'You put in the jobs and your people. It makes the plan for the week, and it changes the plan when a job runs late.',
      'Yes, it works with most calendars.',
      'I see. What takes the most time when you plan a week?',
      'There is a discount of ten percent when you pay for a year. Shall I send you the details?',
      'Your data stays encrypted. We never share it with anyone, and you can take it with you at any time.',
      'That makes sense. You could both see it together in a short demo of twenty minutes. It costs nothing.',
      'Which day would be good for you?',
      {
        content: 'Thank you, we will try again another time. Have a good day, and goodbye.',
        toolCalls: [{ name: 'end_call', arguments: '{"outcome":"callback"}' }],
      },
    ],
  },
  // As long as those that were recorded from the vendor, which sends a sentence in one or two frames.
  synthesiser: { chunkMs: 500, paceMs: 50 },
} satisfies ScriptInput;
