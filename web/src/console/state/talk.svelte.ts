import { backoff } from '../../shared/backoff';
import { api, data, type ApiError } from '../api/client';
import type { DeskEvent, Detail, Row } from '../api/types';
import { merge, position, settle, type Pending } from '../lib/timeline';
import { toasts } from './toasts.svelte';
import { Writer } from './writer.svelte';

/** What an open conversation needs of the desk around it. */
export interface TalkOwner {
  failed(error: unknown): ApiError;
  adopt(row: Row): void;
  /** The server answered, so the network is up. */
  reached(): void;
}

const PAGE = 500;
const TYPING_EVERY_MS = 3_000;
const LONGEST_WAIT_MS = 5_000;

/** Drafts outlive the pane: an agent may look elsewhere in the middle of a sentence. */
const drafts = new Map<string, { text: string; kind: Pending['kind'] }>();

/** One open conversation: its log, what this agent has on the way, and the commands. */
export class Talk {
  detail: Detail | null = $state.raw(null);
  log: DeskEvent[] = $state.raw([]);
  pending: Pending[] = $state.raw([]);
  problem: ApiError | null = $state.raw(null);
  /** The command under way, so that a button is not pressed twice. */
  busy: string | null = $state(null);
  draft = $state('');
  kind: Pending['kind'] = $state('message');
  readonly writer: Writer;

  #closed = false;
  #fetching = false;
  #again = false;
  #sending = false;
  #timer = 0;
  #attempt = 0;
  #typedAt = 0;

  constructor(readonly id: string, private readonly owner: TalkOwner) {
    const kept = drafts.get(id);
    this.draft = kept?.text ?? '';
    this.kind = kept?.kind ?? 'message';
    this.writer = new Writer(id, this);
  }

  /** The first load: facts and the whole log. */
  async load(): Promise<void> {
    this.problem = null;
    try {
      const detail = await data(api.GET('/api/v1/conversations/{id}', { params: { path: { id: this.id } } }));
      if (this.#closed) return;
      this.#detail(detail);
      await this.#fetch();
    } catch (error) {
      if (!this.#closed) this.problem = this.owner.failed(error);
    }
  }

  /** Everything after the last known line; called whenever the stream comes back. */
  async catchUp(): Promise<void> {
    this.#release();
    await Promise.all([this.load(), this.#flush()]);
  }

  close(): void {
    this.#closed = true;
    this.writer.stop();
    clearTimeout(this.#timer);
    if (this.draft === '') drafts.delete(this.id);
    else drafts.set(this.id, { text: this.draft, kind: this.kind });
  }

  /** The stream has a newer row of this conversation. */
  heard(row: Row): void {
    if (this.detail === null) return;
    if (row.seq >= this.detail.seq) this.detail = { ...this.detail, ...row, customer: { ...this.detail.customer, ...row.customer } };
    if (row.seq > position(this.log)) void this.catchUp();
  }

  get unsent(): boolean {
    return this.pending.some((p) => p.status !== 'accepted');
  }

  /** Writes a reply or a note; it stays on the screen as unsent until the server has it. */
  write(kind: Pending['kind'], text: string): void {
    const item: Pending = { id: crypto.randomUUID(), kind, text, at: new Date().toISOString(), status: 'sending' };
    this.pending = [...this.pending, item];
    this.#typedAt = 0;
    void this.#flush();
  }

  retry(id: string): void {
    this.#mark(id, { status: 'sending', problem: undefined });
    void this.#flush();
  }

  discard(id: string): void {
    const item = this.pending.find((p) => p.id === id);
    this.pending = this.pending.filter((p) => p.id !== id);
    if (item !== undefined && this.draft === '') this.draft = item.text;
  }

  typing(): void {
    const now = Date.now();
    if (this.kind !== 'message' || this.detail?.state !== 'human' || now - this.#typedAt < TYPING_EVERY_MS) return;
    this.#typedAt = now;
    api.POST('/api/v1/conversations/{id}/typing', { params: { path: { id: this.id } } }).catch(() => undefined);
  }

  takeOver(): Promise<boolean> {
    const params = { path: { id: this.id } };
    return this.#command('takeover', () => data(api.POST('/api/v1/conversations/{id}/takeover', { params })));
  }

  release(): Promise<boolean> {
    const params = { path: { id: this.id } };
    return this.#command('release', () => data(api.POST('/api/v1/conversations/{id}/release-to-bot', { params })));
  }

  resolve(): Promise<boolean> {
    const params = { path: { id: this.id } };
    return this.#command('resolve', () => data(api.POST('/api/v1/conversations/{id}/resolution', { params })));
  }

  /** A human's word on what a playbook is about to do. */
  rule(approval: number, body: { approve: boolean; edits?: Record<string, unknown>; reason?: string }): Promise<boolean> {
    const params = { path: { id: this.id, approval } };
    return this.#command('rule', () => data(api.POST('/api/v1/conversations/{id}/approvals/{approval}', { params, body: body as never })));
  }

  /** Has something undone that another system has done. */
  undo(act: number): Promise<boolean> {
    const params = { path: { id: this.id, act } };
    return this.#command('undo', () => data(api.POST('/api/v1/conversations/{id}/acts/{act}/reversal', { params })));
  }

  /** Has the bot run a playbook here; returns why not, for the dialog that asked. */
  start(id: string, input: Record<string, unknown>): Promise<string | null> {
    const params = { path: { id: this.id } };
    const body = { id, input } as never;
    return this.#try('start', () => data(api.POST('/api/v1/conversations/{id}/playbooks', { params, body })));
  }

  /** Returns why not, for the dialog that asked. */
  transfer(team: string, note: string): Promise<string | null> {
    const params = { path: { id: this.id } };
    const body = { team, ...(note.trim() !== '' && { note: note.trim() }) };
    return this.#try('transfer', () => data(api.POST('/api/v1/conversations/{id}/handoff', { params, body })));
  }

  async #command(name: string, call: () => Promise<Detail>): Promise<boolean> {
    const refused = await this.#try(name, call);
    if (refused) toasts.say(refused, 'error');
    return refused === null;
  }

  /** Nothing where it was done; empty where there is nothing to say about why not. */
  async #try(name: string, call: () => Promise<Detail>): Promise<string | null> {
    if (this.busy !== null) return '';
    this.busy = name;
    try {
      const detail = await call();
      this.#detail(detail);
      this.owner.adopt(detail);
      // It is done; if its lines cannot be read now, the stream brings them.
      await this.#fetch().catch(() => undefined);
      return null;
    } catch (error) {
      const failed = this.owner.failed(error);
      // A conflict means that somebody else moved: show what is true now.
      if (failed.status === 409 || failed.status === 404) void this.catchUp();
      return failed.status === 401 ? '' : failed.message;
    } finally {
      this.busy = null;
    }
  }

  #detail(detail: Detail): void {
    if (this.detail === null || detail.seq >= this.detail.seq) this.detail = detail;
  }

  /** Reads the log from the last known line to its end. Calls that come while one runs make it run once more. */
  async #fetch(): Promise<void> {
    if (this.#fetching) {
      this.#again = true;
      return;
    }
    this.#fetching = true;
    try {
      do {
        this.#again = false;
        for (let full = true; full && !this.#closed; ) {
          const query = { after: position(this.log), limit: PAGE };
          const page = await data(api.GET('/api/v1/conversations/{id}/events', { params: { path: { id: this.id }, query } }));
          if (this.#closed) return;
          this.log = merge(this.log, page.events);
          this.pending = settle(this.pending, this.log);
          full = page.events.length >= PAGE;
        }
      } while (this.#again);
    } finally {
      this.#fetching = false;
    }
  }

  /** Sends what waits, in the order written. Repeating is safe: the server knows each id once. */
  async #flush(): Promise<void> {
    if (this.#sending) return;
    this.#sending = true;
    clearTimeout(this.#timer);
    try {
      for (let item = this.#next(); item !== undefined; item = this.#next()) await this.#send(item);
    } finally {
      this.#sending = false;
    }
  }

  #next(): Pending | undefined {
    const first = this.pending.find((p) => p.status === 'sending');
    return first?.problem === undefined ? first : undefined; // held back: nothing may overtake it
  }

  async #send(item: Pending): Promise<void> {
    const call = { params: { path: { id: this.id } }, body: { id: item.id, text: item.text } };
    try {
      await data(item.kind === 'note' ? api.POST('/api/v1/conversations/{id}/notes', call) : api.POST('/api/v1/conversations/{id}/messages', call));
      this.#attempt = 0;
      this.owner.reached();
      this.#mark(item.id, { status: 'accepted' });
      await this.#fetch().catch(() => undefined); // the stream will bring the line
    } catch (error) {
      const failed = this.owner.failed(error);
      if (!failed.transient) {
        this.#mark(item.id, { status: 'failed', problem: failed.message });
        if (failed.status === 409) void this.catchUp();
        return;
      }
      // Still "sending", but held back until the next try.
      this.#mark(item.id, { problem: failed.message });
      this.#timer = window.setTimeout(() => {
        this.#release();
        void this.#flush();
      }, backoff(this.#attempt, Math.random(), failed.retryAfterMs, LONGEST_WAIT_MS));
      this.#attempt += 1;
    }
  }

  /** Lets what was held back go again. */
  #release(): void {
    this.pending = this.pending.map((p) => (p.status === 'sending' ? { ...p, problem: undefined } : p));
  }

  #mark(id: string, change: Partial<Pending>): void {
    this.pending = this.pending.map((p) => (p.id === id ? { ...p, ...change } : p));
  }
}
