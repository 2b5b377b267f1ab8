/** A call cannot be taken up so: none has this session and this token. Which of both is wrong is not told. */
export function resumeRefused(): Response {
  return refusal(403, 'resume_refused', 'session and resume: those of a call that goes on are accepted');
}

/** The call that the client comes back to is over. */
export function callOver(): Response {
  return refusal(410, 'call_over', 'This call is over.');
}

export function upgradeRequired(): Response {
  return refusal(426, 'upgrade_required', 'GET /ws: a WebSocket upgrade is accepted');
}

/** The session of a first connection has begun already. */
export function conflict(): Response {
  return refusal(409, 'conflict', 'This session cannot be joined.');
}

function refusal(status: number, error: string, message: string): Response {
  return Response.json({ error, message }, { status });
}
