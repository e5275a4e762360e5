import { api, asApiError, data, type ApiError } from '../api/client';
import type { Counts, Intent, Platform, Row, SwitchedOff, Team, View } from '../api/types';
import { fold } from '../lib/rows';
import { alertAgent } from './alerts';
import { router } from './router.svelte';
import { session } from './session.svelte';
import { Stream } from './stream';
import { Talk } from './talk.svelte';

const TYPING_SHOWN_MS = 6_000;

/** The list, its counts and the open conversation, kept live. */
class Desk {
  view: View = $state('queue');
  query = $state('');
  items: Row[] = $state.raw([]);
  counts: Counts | null = $state.raw(null);
  next: string | null = $state(null);
  loading = $state(true);
  more = $state(false);
  problem: ApiError | null = $state.raw(null);
  /** False while the live stream is down; what is on the screen may then be old. */
  live = $state(true);
  talk: Talk | null = $state.raw(null);
  teams: Team[] = $state.raw([]);
  /** Platforms that do not work, and why. */
  troubles: Platform[] = $state.raw([]);
  /** Whether there is a language model that drafts. */
  writes = $state(false);
  /** What is switched off: everybody at the desk should know. */
  off: SwitchedOff[] = $state.raw([]);
  intents: Map<string, Intent> = $state.raw(new Map());
  /** Conversation id → who types there, for as long as they do. */
  typing: Record<string, string> = $state({});
  now = $state(Date.now());

  #asked = 0;
  #refresh = 0;
  #ticker = 0;
  #typingTimers = new Map<string, number>();
  #stream = new Stream({
    up: () => this.#up(),
    down: () => (this.live = false),
    row: (row) => this.#row(row),
    typing: (conversation, from) => this.#typing(conversation, from),
    switched: () => void this.#switches(),
    notice: (notice) => alertAgent(notice),
    refused: () => void this.#check(),
  });

  start(): void {
    this.#stream.open();
    this.#ticker = window.setInterval(() => {
      this.now = Date.now();
      void this.#platforms();
      void this.#switches();
    }, 15_000);
    void this.#platforms();
    void this.#switches();
    void this.load();
    void this.#facts();
  }

  stop(): void {
    this.#stream.close();
    clearInterval(this.#ticker);
    clearTimeout(this.#refresh);
    this.talk?.close();
    this.talk = null;
    this.items = [];
    this.counts = null;
    this.loading = true;
  }

  /** Shows another view or search; what is shown is replaced once the answer is here. */
  show(view: View, query: string): void {
    if (view === this.view && query === this.query) return;
    if (view !== this.view) {
      this.items = [];
      this.loading = true;
    }
    this.view = view;
    this.query = query;
    void this.load();
  }

  async load(): Promise<void> {
    const asked = ++this.#asked;
    clearTimeout(this.#refresh);
    try {
      const limit = Math.min(200, Math.max(50, this.items.length));
      const query = { view: this.view, limit, ...(this.query !== '' && { q: this.query }) };
      const page = await data(api.GET('/api/v1/conversations', { params: { query } }));
      if (asked !== this.#asked) return; // a newer question was asked meanwhile
      this.items = page.items;
      this.next = page.next;
      this.counts = page.counts;
      this.problem = null;
    } catch (error) {
      if (asked === this.#asked) this.problem = this.failed(error);
    } finally {
      if (asked === this.#asked) this.loading = false;
    }
  }

  async loadMore(): Promise<void> {
    if (this.next === null || this.more) return;
    this.more = true;
    const asked = this.#asked;
    try {
      const query = { view: this.view, cursor: this.next, limit: 50, ...(this.query !== '' && { q: this.query }) };
      const page = await data(api.GET('/api/v1/conversations', { params: { query } }));
      if (asked !== this.#asked) return;
      const known = new Set(this.items.map((it) => it.id));
      this.items = [...this.items, ...page.items.filter((it) => !known.has(it.id))];
      this.next = page.next;
    } catch (error) {
      this.problem = this.failed(error);
    } finally {
      this.more = false;
    }
  }

  /** Opens a conversation, or none. */
  open(id: string | null): void {
    if (this.talk?.id === id) return;
    this.talk?.close();
    this.talk = id === null ? null : new Talk(id, this);
    void this.talk?.load();
  }

  /** The row as a command's answer has it, ahead of the stream. */
  adopt(row: Row): void {
    this.items = fold(this.items, row, this.view, session.user?.id ?? '');
    this.#soon();
  }

  /** Turns any failure into one to show, and notices the end of the session. */
  failed(error: unknown): ApiError {
    const failed = asApiError(error);
    if (failed.status === 401) session.lost();
    return failed;
  }

  reached(): void {
    this.#stream.nudge();
  }

  #up(): void {
    this.live = true;
    void this.load();
    void this.talk?.catchUp();
  }

  #row(row: Row): void {
    this.items = fold(this.items, row, this.view, session.user?.id ?? '');
    if (row.id === this.talk?.id) this.talk.heard(row);
    this.#soon();
  }

  /** Counts and order are the server's; a burst of changes asks for them once. */
  #soon(): void {
    clearTimeout(this.#refresh);
    this.#refresh = window.setTimeout(() => void this.load(), 300);
  }

  #typing(conversation: string, from: string): void {
    if (from === 'agent') return;
    this.typing[conversation] = from;
    clearTimeout(this.#typingTimers.get(conversation));
    this.#typingTimers.set(conversation, window.setTimeout(() => delete this.typing[conversation], TYPING_SHOWN_MS));
  }

  async #facts(): Promise<void> {
    try {
      const [teams, intents] = await Promise.all([data(api.GET('/api/v1/teams')), data(api.GET('/api/v1/intents'))]);
      this.teams = teams.items;
      this.intents = new Map(intents.items.map((it) => [it.id, it]));
    } catch (error) {
      this.failed(error);
    }
  }

  /** A platform that does not work is everybody's business; not to know it for a while is not. */
  async #platforms(): Promise<void> {
    try {
      const [{ items }, model] = await Promise.all([data(api.GET('/api/v1/platforms')), data(api.GET('/api/v1/model'))]);
      const troubles = items.filter((it) => it.state === 'degraded' || it.state === 'stopped');
      if (model.state === 'degraded') troubles.push({ channel: 'language model', state: model.state, detail: model.detail });
      this.troubles = troubles;
      this.writes = model.state !== 'off';
    } catch (error) {
      asApiError(error);
    }
  }

  async switches(): Promise<void> {
    this.off = (await data(api.GET('/api/v1/switch'))).off;
  }

  async #switches(): Promise<void> {
    try {
      await this.switches();
    } catch (error) {
      asApiError(error);
    }
  }

  async #check(): Promise<void> {
    try {
      await api.GET('/api/v1/session');
    } catch (error) {
      this.failed(error);
    }
  }
}

export const desk = new Desk();

/** A conversation's address in the view that is open now. */
export function inView(conversation: string | null): Parameters<typeof router.go>[0] {
  return { page: 'desk', view: desk.view, conversation };
}
