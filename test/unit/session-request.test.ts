import { describe, expect, it } from 'vitest';
import { readSessionRequest, SessionRequestError } from '../../src/session-request.ts';

function read(text: string) {
  return readSessionRequest(new Response(text).body);
}

describe('the body of POST /v1/sessions', () => {
  it('may be empty, absent, or say nothing', async () => {
    const nothing = { prospect: {}, expiresInSeconds: 300 };
    expect(await readSessionRequest(null)).toEqual(nothing);
    for (const text of ['', ' \n', '{}', '{"prospect":{}}', '{"prospect":null}'])
      expect(await read(text)).toEqual(nothing);
  });

  it('names the person called, and how long the ticket holds', async () => {
    const text = '{"prospect":{"name":"Jordan","company":"Acme","role":"CFO"},"expiresInSeconds":10}';
    expect(await read(text)).toEqual({
      prospect: { name: 'Jordan', company: 'Acme', role: 'CFO' },
      expiresInSeconds: 10,
    });
    expect(await read('{"expiresInSeconds":3600}')).toMatchObject({ expiresInSeconds: 3600 });
  });

  it.each([
    ['{', 'body: a JSON object is accepted, got something else'],
    ['[]', 'body: a JSON object is accepted, got something else'],
    ['"x"', 'body: a JSON object is accepted, got something else'],
    ['null', 'body: a JSON object is accepted, got something else'],
    ['{"name":"Jordan"}', 'body: the fields prospect and expiresInSeconds are accepted, got "name"'],
    ['{"expiresInSeconds":9}', 'expiresInSeconds: an integer from 10 to 3600 is accepted, got 9'],
    ['{"expiresInSeconds":3601}', 'expiresInSeconds: an integer from 10 to 3600 is accepted, got 3601'],
    ['{"expiresInSeconds":10.5}', 'expiresInSeconds: an integer from 10 to 3600 is accepted, got 10.5'],
    ['{"expiresInSeconds":"60"}', 'expiresInSeconds: an integer from 10 to 3600 is accepted, got "60"'],
    ['{"expiresInSeconds":null}', 'expiresInSeconds: an integer from 10 to 3600 is accepted, got null'],
    ['{"prospect":{"phone":"1"}}', 'prospect: expected only the fields name, company and role, got "phone"'],
    ['{"prospect":[]}', 'prospect: expected an object with the fields name, company and role, got an array'],
  ])('is refused as %s, with what is wrong', async (text, message) => {
    await expect(read(text)).rejects.toThrow(new SessionRequestError(message));
  });

  it('may have 4096 bytes, and is not read further', async () => {
    expect(await read(`{}${' '.repeat(4094)}`)).toBeDefined();
    expect(await read(`{}${' '.repeat(4095)}`)).toBeUndefined();
    let asked = 0;
    const endless = new ReadableStream({
      pull(controller) {
        asked += 1;
        controller.enqueue(new Uint8Array(1024));
      },
    });
    expect(await readSessionRequest(endless)).toBeUndefined();
    expect(asked).toBeLessThan(8);
  });
});
