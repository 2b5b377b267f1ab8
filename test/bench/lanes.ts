/** Runs all at once and waits for all of them; rejects with the failure of the first that failed. */
export async function inLanes<T>(lanes: readonly Promise<T>[]): Promise<readonly T[]> {
  let failure: { readonly error: unknown } | undefined;
  for (const lane of lanes) {
    lane.catch((error: unknown) => {
      failure ??= { error };
    });
  }
  const settled = await Promise.allSettled(lanes);
  if (failure !== undefined) throw failure.error;
  return settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}
