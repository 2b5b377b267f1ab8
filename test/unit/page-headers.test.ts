import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

describe('the headers of the page', () => {
  const lines = readFileSync(new URL('../../src/console/_headers', import.meta.url), 'utf8').split('\n');
  const header = (name: string) =>
    lines.find((line) => line.trim().startsWith(`${name}:`))?.slice(name.length + 4);

  it('let it run nothing but its own files, and nobody frame, sniff or follow it', () => {
    const policy = new Map(
      header('Content-Security-Policy')
        ?.split('; ')
        .map((rule) => [rule.split(' ')[0], rule.split(' ').slice(1).join(' ')]),
    );
    expect(policy.get('default-src')).toBe("'none'");
    for (const [name, sources] of policy)
      expect([name, sources]).toEqual([name, expect.stringMatching(/^'(self|none)'$/)]);
    for (const name of ['base-uri', 'form-action', 'frame-ancestors'])
      expect(policy.get(name)).toBe("'none'");
    expect(header('Cross-Origin-Opener-Policy')).toBe('same-origin');
    expect(header('Cross-Origin-Resource-Policy')).toBe('same-origin');
    expect(header('Referrer-Policy')).toBe('no-referrer');
    expect(header('Strict-Transport-Security')).toBe('max-age=31536000');
    expect(header('X-Content-Type-Options')).toBe('nosniff');
    expect(header('X-Frame-Options')).toBe('DENY');
  });
});
