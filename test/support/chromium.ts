import { accessSync, constants } from 'node:fs';

/** Where Debian, Ubuntu and Google put the browser; Debian's own binary skips a wrapper that reads global flags. */
const USUAL_PLACES = [
  '/usr/lib/chromium/chromium',
  '/usr/bin/chromium',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
];

/** The path of a Chromium: CHROMIUM_PATH, or one of the usual places; `undefined` if there is none. */
export function findChromium(): string | undefined {
  const named = process.env['CHROMIUM_PATH'];
  return named ? [named].find(isExecutable) : USUAL_PLACES.find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
