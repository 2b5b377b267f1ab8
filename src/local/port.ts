const MAX_PORT = 65_535;

/** The port a variable names, or the default; throws an error that says what is accepted. */
export function portFrom(environment: NodeJS.ProcessEnv, name: string, fallback: number): number {
  const text = environment[name]?.trim();
  if (!text) return fallback;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > MAX_PORT) {
    throw new Error(`${name}: a port from 1 to ${MAX_PORT} is accepted, got ${JSON.stringify(text)}`);
  }
  return port;
}

/** What kept a server from listening on 127.0.0.1, in words for the one who started it. */
export function portProblem(problem: unknown, port: number): Error {
  const isTaken = problem instanceof Error && 'code' in problem && problem.code === 'EADDRINUSE';
  if (!isTaken) return problem instanceof Error ? problem : new Error(String(problem));
  return new Error(
    `port ${port} on 127.0.0.1 is taken: stop what listens there, or set PROVIDERS_PORT to another port`,
  );
}
