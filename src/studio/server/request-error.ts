// What goes wrong with a request, and how it is answered: always as JSON, with what was expected and what to do, never with a
// stack trace.

import { ResiduaError, UsageError } from '../../errors.ts';
import type { ErrorAnswer, ErrorCode } from '../protocol.ts';

export const statusOf = {
  'bad-request': 400,
  forbidden: 403,
  'not-found': 404,
  'missing-data': 404,
  'method-not-allowed': 405,
  timeout: 408,
  conflict: 409,
  'too-large': 413,
  'unsupported-type': 415,
  'headers-too-large': 431,
  busy: 503,
  failed: 500,
  internal: 500,
} as const satisfies Record<ErrorCode, number>;

export class RequestError extends ResiduaError {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options);
    this.code = code;
  }
}

export interface Refusal {
  readonly status: (typeof statusOf)[ErrorCode];
  readonly answer: ErrorAnswer;
}

export function refusalOf(error: unknown): Refusal {
  const { code, message, hint } = describe(error);
  return { status: statusOf[code], answer: { error: { code, message, hint } } };
}

function describe(error: unknown): ErrorAnswer['error'] {
  if (error instanceof RequestError) return error;
  if (error instanceof UsageError) return { code: 'bad-request', message: error.message, hint: error.hint };
  if (error instanceof ResiduaError) return { code: 'failed', message: error.message, hint: error.hint };
  // The operating system's own words: a full disk, a folder that can't be read.
  if (error instanceof Error && 'syscall' in error) return { code: 'failed', message: error.message };
  return {
    code: 'internal',
    message: 'the studio could not answer this',
    hint: 'This is a defect in Residua: please report it with what the studio printed.',
  };
}
