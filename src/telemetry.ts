/** Writes one structured log line. Fields are names, codes and numbers: never spoken words, never secrets. */
export function log(
  event: string,
  fields: Readonly<Record<string, string | number | boolean | undefined>>,
): void {
  console.log(JSON.stringify({ event, ...fields }));
}
