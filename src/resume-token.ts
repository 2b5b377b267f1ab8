/** How long a token is, in random bytes. */
const TOKEN_BYTES = 32;

/** A new secret that takes a call up again: 43 characters of base64url, of which the server keeps only the digest. */
export function mintToken(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(TOKEN_BYTES));
  return btoa(String.fromCharCode(...bytes)).replace(/[+/=]/g, (sign) => URL_SAFE[sign] ?? '');
}

const URL_SAFE: Readonly<Record<string, string>> = { '+': '-', '/': '_' };

/** What is kept of a token: its SHA-256, in hexadecimal. */
export async function digestOf(token: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token)));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Compares two digests in a time that does not depend on where they differ. */
export function sameDigest(one: string, other: string): boolean {
  const [a, b] = [one, other].map((digest) => new TextEncoder().encode(digest)) as [Uint8Array, Uint8Array]; // two in, two out
  return a.byteLength === b.byteLength && crypto.subtle.timingSafeEqual(a, b);
}
