import { v7 as uuidv7 } from 'uuid';
import type { Config } from './config.ts';
import type { CallPlan, Lines } from './conversation/plan.ts';
import { defaultPlaybook } from './outreach/northgate.ts';
import { spokenLine, systemPrompt, timeLeftNote } from './outreach/prompt.ts';
import type { Prospect } from './outreach/prospect.ts';

/** What a call to this prospect is about. */
export function planOf(config: Config, prospect: Prospect): CallPlan {
  return {
    systemPrompt: systemPrompt(defaultPlaybook, prospect),
    timeLeftNote: timeLeftNote(),
    lines: spokenLines(prospect),
    pace: config.pace,
    voiceRate: config.synthesiser.sampleRate,
    mintId: uuidv7,
  };
}

function spokenLines(prospect: Prospect): Lines {
  const spoken = (name: keyof Lines) => spokenLine(defaultPlaybook, prospect, name);
  return {
    greeting: spoken('greeting'),
    filler: spoken('filler'),
    apology: spoken('apology'),
    wait: spoken('wait'),
    stillThere: spoken('stillThere'),
    couldNotHear: spoken('couldNotHear'),
    backAgain: spoken('backAgain'),
    optOut: spoken('optOut'),
    goodbye: spoken('goodbye'),
  };
}
