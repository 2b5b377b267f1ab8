import manifest from '../package.json';

/** The released version of this Worker. */
export const version: string = manifest.version;
