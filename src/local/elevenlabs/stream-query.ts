import { type SocketError, unplayableFormat } from './errors.ts';
import type { OutputFormat } from './format.ts';
import { DEFAULT_FORMAT, outputFormat } from './format.ts';

/** The parameters of both text sockets. */
export interface StreamQuery {
  readonly modelId: string;
  readonly format: OutputFormat | SocketError;
  readonly autoMode: boolean;
  readonly inactivitySeconds: number;
}

const DEFAULT_INACTIVITY_SECONDS = 20;
const LONGEST_INACTIVITY_SECONDS = 180;

export function readStreamQuery(query: URLSearchParams): StreamQuery {
  const name = query.get('output_format') ?? DEFAULT_FORMAT;
  const seconds = Number(query.get('inactivity_timeout') ?? DEFAULT_INACTIVITY_SECONDS);
  return {
    modelId: query.get('model_id') ?? '',
    format: outputFormat(name) ?? unplayableFormat(name),
    autoMode: query.get('auto_mode') === 'true',
    inactivitySeconds:
      seconds > 0 && seconds <= LONGEST_INACTIVITY_SECONDS ? seconds : DEFAULT_INACTIVITY_SECONDS,
  };
}
