import { defaultPlaybook } from '../outreach/northgate.ts';
import { agentReply } from './agent/agent.ts';
import { spokenLines } from './agent/lines.ts';
import { createFlite } from './engines/flite/flite.ts';
import { createSoundswallower } from './engines/soundswallower/soundswallower.ts';
import { portProblem } from './port.ts';
import { type Providers, startProviders } from './server.ts';

/**
 * Starts the local providers with the speech engines of this machine and the scripted sales agent. Rejects with a
 * sentence for people when the port is taken; no engine is left running then.
 */
export async function realProviders(port: number): Promise<Providers> {
  const synthesiser = await createFlite();
  const recogniser = await createSoundswallower({ extraSentences: spokenLines(defaultPlaybook) }).catch(
    async (problem: unknown) => {
      await synthesiser.close();
      throw problem;
    },
  );
  try {
    return await startProviders({ port, mode: 'real', recogniser, synthesiser, reply: agentReply });
  } catch (problem) {
    await Promise.all([recogniser.close(), synthesiser.close()]);
    throw portProblem(problem, port);
  }
}
