import { retryAfter } from '../shared/backoff';
import type { Attachment, Outgoing, Phase, WireEvent } from './sync';

export interface Config {
  desk: string; bot_name: string; language: string; greeting: string; disclosure: string; identified: boolean;
  max_message_bytes: number; max_upload_bytes: number; upload_types: string[];
  /** Where the conversation can go on: `telegram`, `discord`. */
  channels: string[];
}
/** Where to go with a code, or what to write there. */
export interface Invitation { channel: string; to: string }
export interface Session {
  token: string; visitor: string;
  conversation: { id: string; state: Phase; seq: number; agent: { name: string } | null } | null;
  config: Config;
}
export interface Problem { status: number; code: string; detail: string; retryAfterMs: number }

/** Why a request did not succeed, by what the caller can do about it. */
export class Failure extends Error {
  constructor(readonly kind: 'retry' | 'session' | 'refused', readonly problem: Problem) {
    super(problem.detail);
  }
}

/** The widget's routes. Every method throws only `Failure` (or AbortError when the caller's signal fires). */
export class Api {
  token: string | null = null;
  readonly base: URL;

  constructor(page: string) {
    this.base = new URL('../chat/v1/', page);
  }

  session(body: { identity?: string; locale: string; page?: string }): Promise<Session> {
    return this.#post('sessions', body) as Promise<Session>;
  }

  send(out: Outgoing): Promise<{ id: string; seq: number }> {
    return this.#post('messages', wire(out)) as Promise<{ id: string; seq: number }>;
  }

  events(after: number, conversation: string | null, waitS: number, signal: AbortSignal): Promise<{ events: WireEvent[] }> {
    const query = new URLSearchParams({ after: String(after), wait: String(waitS) });
    if (conversation !== null) query.set('conversation', conversation);
    return this.#fetch(`events?${query}`, { signal }, (waitS + 15) * 1000) as Promise<{ events: WireEvent[] }>;
  }

  async typing(): Promise<void> {
    await this.#post('typing', {});
  }

  async feedback(body: { rating: number; comment?: string }): Promise<void> {
    await this.#post('feedback', body);
  }

  /** A code that works once and tells another app who this is. */
  links(): Promise<{ items: Invitation[] }> {
    return this.#post('links', {}) as Promise<{ items: Invitation[] }>;
  }

  socketUrl(after: number, conversation: string | null): string {
    const url = new URL('socket', this.base);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    url.searchParams.set('after', String(after));
    if (conversation !== null) url.searchParams.set('conversation', conversation);
    return url.href;
  }

  /** XMLHttpRequest, because fetch cannot tell how far an upload has come. */
  upload(file: File, progress: (share: number) => void, signal: AbortSignal): Promise<Attachment> {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      const form = new FormData();
      form.append('file', file, file.name);
      request.open('POST', new URL('uploads', this.base));
      request.setRequestHeader('Authorization', `Bearer ${this.token ?? ''}`);
      request.upload.onprogress = (e) => e.lengthComputable && progress(e.loaded / e.total);
      request.onerror = () => reject(offline());
      request.onabort = () => reject(new DOMException('aborted', 'AbortError'));
      request.onload = () => {
        const body = json(request.responseText);
        if (request.status === 201) resolve(body as unknown as Attachment);
        else reject(failure(request.status, body, request.getResponseHeader('Retry-After')));
      };
      signal.addEventListener('abort', () => request.abort(), { once: true });
      request.send(form);
    });
  }

  /** The token may not stand in a URL, so a download is a fetch and a blob. */
  async download(id: string): Promise<Blob> {
    const response = await this.#request(`uploads/${encodeURIComponent(id)}`, {}, 60_000);
    return response.blob();
  }

  #post(path: string, body: unknown): Promise<unknown> {
    const init = { method: 'POST', body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } };
    return this.#fetch(path, init, 20_000);
  }

  async #fetch(path: string, init: RequestInit, timeoutMs: number): Promise<unknown> {
    const response = await this.#request(path, init, timeoutMs);
    return response.status === 204 ? null : json(await response.text());
  }

  async #request(path: string, init: RequestInit, timeoutMs: number): Promise<Response> {
    const headers = new Headers(init.headers);
    if (this.token !== null) headers.set('Authorization', `Bearer ${this.token}`);
    const cut = AbortSignal.timeout(timeoutMs);
    const signal = init.signal ? AbortSignal.any([init.signal, cut]) : cut;
    let response: Response;
    try {
      response = await fetch(new URL(path, this.base), { ...init, headers, signal, credentials: 'omit', cache: 'no-store' });
    } catch (error) {
      if (init.signal?.aborted) throw error;
      throw offline();
    }
    if (response.ok) return response;
    throw failure(response.status, json(await response.text().catch(() => '')), response.headers.get('Retry-After'));
  }
}

/** A message as the server takes it, over either transport. */
export function wire(out: Outgoing): Record<string, unknown> {
  return {
    id: out.id,
    ...(out.text !== '' && { text: out.text }),
    ...(out.choice !== undefined && { choice: out.choice }),
    ...(out.attachments?.length && { attachments: out.attachments.map((a) => a.id) }),
  };
}

/** Sorts an error answer by what can be done: wait and retry, get a new session, or tell the visitor. */
export function failure(status: number, body: Record<string, unknown>, retryHeader: string | null): Failure {
  const problem: Problem = {
    status,
    code: typeof body.code === 'string' ? body.code : '',
    detail: typeof body.detail === 'string' ? body.detail : typeof body.title === 'string' ? body.title : '',
    retryAfterMs: retryAfter(retryHeader, Date.now()),
  };
  if (status === 401) return new Failure('session', problem);
  return new Failure(status >= 500 || status === 429 || status === 408 || status === 0 ? 'retry' : 'refused', problem);
}

function offline(): Failure {
  return failure(0, {}, null);
}

function json(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
