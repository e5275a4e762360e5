import createClient, { type Middleware } from 'openapi-fetch';
import { retryAfter } from '../../shared/backoff';
import type { paths } from './schema';

/** Why a request failed, as a sentence for the agent and a code for the program. `status` is 0 when nothing answered. */
export class ApiError extends Error {
  constructor(readonly status: number, readonly code: string, detail: string, readonly retryAfterMs = 0) {
    super(detail);
  }

  /** The same request may succeed later, unchanged. */
  get transient(): boolean {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

const TIMEOUT_MS = 20_000;

const honest: Middleware = {
  async onRequest({ request }) {
    return new Request(request, { signal: AbortSignal.any([request.signal, AbortSignal.timeout(TIMEOUT_MS)]) });
  },
  async onResponse({ response }) {
    if (response.ok) return undefined;
    throw await refusal(response);
  },
  onError({ error }) {
    if (error instanceof ApiError) return undefined;
    if (error instanceof DOMException && error.name === 'AbortError') return undefined;
    return unreachable();
  },
};

const unreachable = (): ApiError => new ApiError(0, 'unreachable', 'The desk cannot be reached right now.');

async function refusal(response: Response): Promise<ApiError> {
  const body = (await response.json().catch(() => ({}))) as { code?: unknown; detail?: unknown; title?: unknown };
  const text = [body.detail, body.title].find((it) => typeof it === 'string' && it !== '');
  const detail = typeof text === 'string' ? text : `The desk answered with an error (${response.status}).`;
  return new ApiError(response.status, typeof body.code === 'string' ? body.code : '', detail, retryAfter(response.headers.get('Retry-After'), Date.now()));
}

/** Posts, and gives the answer's body as it comes; for answers that take longer than a call may. */
export async function open(path: string, body: unknown, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
  const headers = { 'Content-Type': 'application/json', Accept: 'text/event-stream' };
  const call = fetch(path, { method: 'POST', headers, body: JSON.stringify(body), signal, cache: 'no-store' });
  const response = await call.catch((error: unknown) => {
    throw signal.aborted ? error : unreachable();
  });
  if (!response.ok || response.body === null) throw await refusal(response);
  return response.body;
}

export const api = createClient<paths>({ baseUrl: '/', cache: 'no-store' });
api.use(honest);

/** The body of a call that succeeded; every failure was thrown as an `ApiError` before this. */
export async function data<T>(call: Promise<{ data?: T }>): Promise<T> {
  const { data: body } = await call;
  if (body === undefined) throw new ApiError(0, 'empty', 'The desk sent an empty answer.');
  return body;
}

/** Any failure as an `ApiError`, so that views have one thing to show. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  console.error(error);
  return new ApiError(0, 'unexpected', 'Something unexpected went wrong. Reload the page if it stays.');
}
