import { v7 as uuidv7 } from 'uuid';
import { type Config, otherVoice } from './config.ts';
import type { CallPlan, Lines } from './conversation/plan.ts';
import { defaultPlaybook } from './outreach/northgate.ts';
import { goOnNote, spokenLine, systemPrompt, timeLeftNote } from './outreach/prompt.ts';
import type { Prospect } from './outreach/prospect.ts';

/** What a call to this prospect is about, in which the agent speaks with the voice `voiceId`. */
export function planOf(config: Config, prospect: Prospect, voiceId: string): CallPlan {
  return {
    systemPrompt: systemPrompt(defaultPlaybook, prospect),
    timeLeftNote: timeLeftNote(),
    goOnNote: goOnNote(),
    lines: spokenLines(prospect),
    pace: config.pace,
    recognition: {
      recognisers: config.fallbackRecogniser === undefined ? 1 : 2,
      replaySpeed: config.recogniser.replaySpeed,
    },
    rival: config.rival,
    voiceRate: config.synthesiser.sampleRate,
    otherVoice: otherVoice(config.synthesiser, voiceId) !== undefined,
    mintId: uuidv7,
  };
}

function spokenLines(prospect: Prospect): Lines {
  const spoken = (name: keyof Lines) => spokenLine(defaultPlaybook, prospect, name);
  return {
    greeting: spoken('greeting'),
    filler: spoken('filler'),
    voiceLost: spoken('voiceLost'),
    apology: spoken('apology'),
    trouble: spoken('trouble'),
    breakdown: spoken('breakdown'),
    wait: spoken('wait'),
    stillThere: spoken('stillThere'),
    couldNotHear: spoken('couldNotHear'),
    backAgain: spoken('backAgain'),
    optOut: spoken('optOut'),
    goodbye: spoken('goodbye'),
  };
}
