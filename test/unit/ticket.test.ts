import { createHmac, hkdfSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readTicket, signTicket, type Ticket } from '../../src/ticket.ts';
import type { ApiKey } from '../../src/variables.ts';

const NOW = 1_800_000_000_000;
const key: ApiKey = { name: 'crm', secret: 'a'.repeat(32) };
const other: ApiKey = { name: 'site', secret: 'b'.repeat(32) };
const ticket: Ticket = {
  sessionId: '019a0000-0000-7000-8000-000000000000',
  expiresAt: NOW + 300_000,
  prospect: { name: 'Zoë Łukasz', company: 'Straße & Söhne' },
};

function encoded(text: string): string {
  return Buffer.from(text).toString('base64url');
}

/** The parts of a ticket, one of them changed. */
async function forged(part: 0 | 1 | 2, change: (text: string) => string): Promise<string> {
  const parts = (await signTicket(ticket, key)).split('.');
  return parts.map((text, index) => (index === part ? change(text) : text)).join('.');
}

/** A payload of any kind under the right signature of `key`. */
function signedPayload(claims: unknown): string {
  const signed = `v1.${encoded(JSON.stringify(claims))}`;
  const drawn = hkdfSync('sha256', key.secret, '', 'vantum ticket v1', 32);
  return `${signed}.${createHmac('sha256', Buffer.from(drawn)).update(signed).digest('base64url')}`;
}

describe('a ticket', () => {
  it('says what was signed, to a server that has the key', async () => {
    const text = await signTicket(ticket, key);
    expect(text).toMatch(/^v1\.[\w-]+\.[\w-]{43}$/);
    expect(await readTicket(text, [other, key], NOW)).toEqual({ ...ticket, key: 'crm' });
  });

  it('holds until the very moment it expires', async () => {
    const text = await signTicket(ticket, key);
    expect(await readTicket(text, [key], ticket.expiresAt - 1)).toMatchObject({ key: 'crm' });
    expect(await readTicket(text, [key], ticket.expiresAt)).toBe('ticket_expired');
  });

  it('ends with its key: removed, replaced, or given to another name', async () => {
    const text = await signTicket(ticket, key);
    for (const keys of [[], [other], [{ ...key, secret: 'c'.repeat(32) }], [{ ...key, name: 'renamed' }]])
      expect(await readTicket(text, keys, NOW)).toBe('ticket_invalid');
  });

  it('is signed with a key drawn from the API key, so that another service that has it learns nothing', async () => {
    const claims = { sid: ticket.sessionId, exp: ticket.expiresAt, key: 'crm', prospect: ticket.prospect };
    expect(await signTicket(ticket, key)).toBe(signedPayload(claims));
  });

  it.each([
    ['another version', 0, () => 'v2'],
    ['no version', 0, () => ''],
    [
      'a later expiry',
      1,
      () => encoded(JSON.stringify({ sid: ticket.sessionId, exp: NOW * 2, key: 'crm', prospect: {} })),
    ],
    ['one letter of the payload', 1, (text: string) => `${text.startsWith('e') ? 'f' : 'e'}${text.slice(1)}`],
    ['no payload', 1, () => ''],
    ['another signature', 2, (text: string) => `${text.startsWith('A') ? 'B' : 'A'}${text.slice(1)}`],
    ['half a signature', 2, (text: string) => text.slice(0, 20)],
    ['a longer signature', 2, (text: string) => `${text}AAAA`],
    ['no signature', 2, () => ''],
    ['padding', 2, (text: string) => `${text}=`],
    ['stray bits at the end', 2, (text: string) => text.slice(0, -1) + nextLetter(text.slice(-1))],
    ['a fourth part', 2, (text: string) => `${text}.x`],
    ['a line break', 2, (text: string) => `${text}\n`],
  ] as const)('is invalid with %s', async (_, part, change) => {
    expect(await readTicket(await forged(part, change), [key], NOW)).toBe('ticket_invalid');
  });

  it.each(['', 'v1', '...', 'v1..', 'x'.repeat(100_000), `v1.${'a'.repeat(100_000)}.${'a'.repeat(43)}`])(
    'is invalid when it is none: %.20s',
    async (text) => {
      expect(await readTicket(text, [key], NOW)).toBe('ticket_invalid');
    },
  );

  it.each([
    ['the name of another key', { key: 'site' }],
    ['a session that is no UUIDv7', { sid: 'lobby' }],
    ['an expiry that is no number', { exp: '9' }],
    ['an unknown field', { admin: true }],
    ['a prospect that is none', { prospect: { phone: '1' } }],
    ['a prospect that is text', { prospect: 'Jordan' }],
  ])('is invalid with %s, whoever signed it', async (_, changed) => {
    const claims = { sid: ticket.sessionId, exp: ticket.expiresAt, key: 'crm', prospect: {}, ...changed };
    expect(await readTicket(signedPayload(claims), [key, other], NOW)).toBe('ticket_invalid');
  });
});

/** The last letter of 43 carries four bits of the signature and two that must be zero. */
function nextLetter(letter: string): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return letters[letters.indexOf(letter) + 1] ?? '';
}
