import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));
const client = fileURLToPath(new URL('../client/', import.meta.url));

/** One built file and its sizes in bytes. */
export interface BuiltFile {
  readonly file: string;
  readonly bytes: number;
  readonly gzipBytes: number;
}

/** Bundles the page and its worklets and copies its static files into `outdir`, ready to be served from `/`. */
export async function buildConsole(outdir: string): Promise<readonly BuiltFile[]> {
  await mkdir(outdir, { recursive: true });
  const { metafile } = await build({
    entryPoints: {
      main: join(here, 'main.ts'),
      'microphone-worklet': join(client, 'microphone-worklet.ts'),
      'speaker-worklet': join(client, 'speaker-worklet.ts'),
      style: join(here, 'style.css'),
      index: join(here, 'index.html'),
      icon: join(here, 'icon.svg'),
      _headers: join(here, '_headers'),
    },
    // The worklets keep their own copies of what they share: a worklet loads from one file everywhere.
    splitting: false,
    bundle: true,
    minify: true,
    format: 'esm',
    target: ['es2023', 'chrome111', 'firefox113', 'safari16.4'],
    loader: { '.html': 'copy', '.svg': 'copy', '': 'copy' },
    outdir,
    metafile: true,
    absWorkingDir: outdir,
    logLevel: 'warning',
  });
  return Promise.all(Object.keys(metafile.outputs).map((file) => measure(outdir, file)));
}

async function measure(outdir: string, file: string): Promise<BuiltFile> {
  const content = await readFile(join(outdir, file));
  return { file, bytes: content.length, gzipBytes: gzipSync(content).length };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const outdir = fileURLToPath(new URL('../../dist/console', import.meta.url));
  const files = await buildConsole(outdir);
  const total = files.reduce((sum, { gzipBytes }) => sum + gzipBytes, 0);
  for (const { file, bytes, gzipBytes } of files)
    console.log(`${file}: ${bytes} bytes, ${gzipBytes} gzipped`);
  console.log(`together ${(total / 1024).toFixed(1)} KiB gzipped`);
}
