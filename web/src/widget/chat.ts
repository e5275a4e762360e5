import { backoff } from '../shared/backoff';
import { utf8Length } from '../shared/bytes';
import { Api, Failure, type Config } from './api';
import { Link, type LinkState } from './link';
import type { Memory } from './memory';
import * as sync from './sync';
import type { Attachment, Outgoing, Talk, WireEvent } from './sync';

export interface Options { identity?: string; locale: string; page?: string }

const TYPING_SHOWN_MS = 7_000;
const TYPING_SENT_EVERY_MS = 3_000;

/** The visitor's chat: ties the pure fold to the link, the memory and the screen. */
export class Chat {
  talk: Talk = sync.emptyTalk();
  link: LinkState = 'connecting';
  online = true;
  config: Config | null = null;
  /** Set when the desk will not serve this page at all; the sentence says why. */
  broken: string | null = null;
  /** The visitor's earlier session ended and a new one was begun. */
  renewed = false;
  /** Whether the panel is in front of the visitor's eyes. */
  visible = false;
  seen = 0;
  rated: string | null = null;

  /** Called after anything above may have changed. */
  changed: () => void = () => undefined;

  #link: Link;
  #sending = false;
  #retryTimer = 0;
  #sessionTimer = 0;
  #attempts = 0;
  #typingTimer = 0;
  #typedAt = 0;
  #thanked: string | null = null;

  constructor(readonly api: Api, private readonly memory: Memory, private options: Options) {
    this.#link = new Link(api, {
      position: () => ({ conversation: this.talk.conversation, seq: this.talk.seq }),
      event: (event) => this.#event(event),
      state: (state) => this.#linkState(state),
      sessionLost: () => void this.#renew(),
    });
    api.token = memory.get('token');
    this.rated = memory.get('rated');
    this.online = navigator.onLine;
    for (const out of memory.outbox()) {
      this.talk = sync.enqueue(this.talk, { ...out, status: out.status === 'failed' ? 'failed' : 'waiting' });
    }
  }

  /** Begins or resumes the session and keeps it connected until `stop`. */
  start(): void {
    window.addEventListener('online', this.#wake);
    window.addEventListener('offline', this.#sleep);
    document.addEventListener('visibilitychange', this.#look);
    void this.#begin(0);
  }

  /** Ends everything; with `forget` also what this browser remembers. */
  stop(forget: boolean): void {
    window.removeEventListener('online', this.#wake);
    window.removeEventListener('offline', this.#sleep);
    document.removeEventListener('visibilitychange', this.#look);
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#sessionTimer);
    this.#link.stop();
    if (forget) this.memory.clear();
  }

  /** The page knows now who the visitor is: the same conversation goes on under that name. */
  identify(identity: string): void {
    this.options = { ...this.options, identity };
    this.#link.stop();
    void this.#begin(0);
  }

  /** Writes a message. It is kept until the server has it, whatever happens to the network or this page. */
  say(text: string, extra: { choice?: string; attachments?: Attachment[] } = {}): void {
    const out: Outgoing = { id: crypto.randomUUID(), text, at: new Date().toISOString(), status: 'waiting', ...extra };
    this.memory.keep(out);
    this.talk = sync.enqueue(this.talk, out);
    this.renewed = false;
    this.#typedAt = 0;
    if (this.link === 'down' && this.config !== null) this.#link.nudge();
    void this.#flush();
    this.changed();
  }

  retry(id: string): void {
    this.talk = sync.retried(this.talk, id);
    this.changed();
    void this.#flush();
  }

  discard(id: string): void {
    this.memory.drop(id);
    this.talk = sync.discarded(this.talk, id);
    this.changed();
  }

  typing(): void {
    const now = Date.now();
    if (this.talk.lines.length === 0 || now - this.#typedAt < TYPING_SENT_EVERY_MS || this.link !== 'live') return;
    this.#typedAt = now;
    this.#link.typing();
  }

  async rate(rating: number, comment: string): Promise<void> {
    await this.api.feedback({ rating, ...(comment.trim() !== '' && { comment: comment.trim() }) });
    this.rated = `${this.talk.conversation}:${this.talk.ratingAsked}`;
    this.memory.set('rated', this.rated);
    this.#thanked = this.talk.conversation;
    this.changed();
  }

  get draft(): string {
    return this.memory.get('draft') ?? '';
  }

  set draft(text: string) {
    this.memory.set('draft', text);
  }

  /** Bytes left before the server would refuse the text. */
  room(text: string): number {
    return (this.config?.max_message_bytes ?? 16_384) - utf8Length(text);
  }

  get unread(): number {
    return sync.unread(this.talk, this.seen);
  }

  /** The visitor has just told how it was. */
  get thanked(): boolean {
    return this.#thanked !== null && this.#thanked === this.talk.conversation;
  }

  get askRating(): boolean {
    return this.talk.ratingAsked > 0 && this.rated !== `${this.talk.conversation}:${this.talk.ratingAsked}`;
  }

  setVisible(visible: boolean): void {
    this.visible = visible;
    this.#markSeen();
  }

  async #begin(attempt: number): Promise<void> {
    clearTimeout(this.#sessionTimer);
    try {
      const used = this.api.token;
      const session = await this.api.session(this.options);
      if (used !== this.api.token && this.api.token !== null) return; // another start overtook this one
      this.api.token = session.token;
      this.memory.set('token', session.token);
      this.config = session.config;
      this.broken = null;
      const remembered = this.memory.get('conversation');
      this.talk = sync.adopt(this.talk, session.conversation?.id ?? null);
      this.seen = remembered === this.talk.conversation ? Number(this.memory.get('seen') ?? 0) || 0 : 0;
      if (session.conversation !== null && this.talk.seq === 0) {
        this.talk = { ...this.talk, phase: session.conversation.state, agent: session.conversation.agent?.name ?? null };
      }
      this.changed();
      this.#link.start();
    } catch (error) {
      this.#beginFailed(error, attempt);
    }
  }

  #beginFailed(error: unknown, attempt: number): void {
    if (!(error instanceof Failure)) throw error;
    if (error.kind === 'session') return void this.#renew();
    if (error.kind === 'refused' && this.options.identity !== undefined) {
      // A bad or old identity must not cost the visitor the chat; they are simply not known by name.
      this.options = { ...this.options, identity: undefined };
      return void this.#begin(attempt);
    }
    if (error.kind === 'refused') {
      this.broken = error.problem.detail;
      return this.changed();
    }
    this.#linkState('down');
    const wait = backoff(attempt, Math.random(), error.problem.retryAfterMs);
    this.#sessionTimer = window.setTimeout(() => void this.#begin(attempt + 1), wait);
  }

  /** The token is refused: another tab may have a newer one, else the visitor starts anew with what is unsent. */
  async #renew(): Promise<void> {
    const stored = this.memory.get('token');
    if (stored !== null && stored !== this.api.token) {
      this.api.token = stored;
    } else {
      const had = this.talk.lines.length > 0 || this.memory.get('conversation') !== null;
      this.api.token = null;
      this.memory.set('token', null);
      this.memory.set('conversation', null);
      this.renewed = had;
    }
    await this.#begin(0);
  }

  #event(event: WireEvent): void {
    const before = this.talk;
    this.talk = sync.apply(before, event);
    if (event.type === 'typing') this.#showTyping();
    if (this.talk.conversation !== before.conversation) this.seen = 0;
    if (this.talk.phase === 'human' && before.phase !== 'human' && this.talk.agent === null) void this.#learnWho();
    const kept = new Set(this.talk.outbox.map((o) => o.id));
    for (const out of before.outbox) if (!kept.has(out.id)) this.memory.drop(out.id);
    this.#markSeen();
  }

  /** A takeover tells that a human is there; who it is stands in the session. */
  async #learnWho(): Promise<void> {
    try {
      const { conversation } = await this.api.session(this.options);
      const name = conversation?.agent?.name;
      if (name === undefined || this.talk.phase !== 'human' || this.talk.agent !== null) return;
      this.talk = { ...this.talk, agent: name };
      this.changed();
    } catch (error) {
      if (!(error instanceof Failure)) throw error; // the agent's first line will tell
    }
  }

  #markSeen(): void {
    if (this.visible && !document.hidden && this.talk.seq > this.seen) this.seen = this.talk.seq;
    this.memory.set('conversation', this.talk.conversation);
    this.memory.set('seen', String(this.seen));
    this.changed();
  }

  #showTyping(): void {
    clearTimeout(this.#typingTimer);
    this.#typingTimer = window.setTimeout(() => {
      this.talk = { ...this.talk, typing: null };
      this.changed();
    }, TYPING_SHOWN_MS);
  }

  #linkState(state: LinkState): void {
    this.link = state;
    if (state === 'live') void this.#flush();
    if (state === 'down' && this.talk.typing !== null) this.talk = { ...this.talk, typing: null };
    this.changed();
  }

  /** Sends what waits, one after the other. Only one run at a time, so the order written is the order sent. */
  async #flush(): Promise<void> {
    if (this.#sending || this.config === null) return;
    this.#sending = true;
    clearTimeout(this.#retryTimer);
    try {
      for (let out = sync.nextToSend(this.talk); out !== undefined; out = sync.nextToSend(this.talk)) {
        const { seq } = await this.#link.send(out);
        this.#attempts = 0;
        this.memory.drop(out.id);
        this.talk = sync.acknowledged(this.talk, out.id, seq);
        this.changed();
      }
    } catch (error) {
      this.#sendFailed(error);
    } finally {
      this.#sending = false;
    }
  }

  #sendFailed(error: unknown): void {
    if (!(error instanceof Failure)) throw error;
    if (error.kind === 'session') return void this.#renew();
    const out = sync.nextToSend(this.talk);
    if (error.kind === 'refused' && out !== undefined) {
      this.talk = sync.refused(this.talk, out.id, error.problem.detail);
      const failed = this.talk.outbox.find((o) => o.id === out.id);
      if (failed !== undefined) this.memory.keep(failed);
      this.changed();
      queueMicrotask(() => void this.#flush());
      return;
    }
    const wait = backoff(this.#attempts, Math.random(), error.problem.retryAfterMs);
    this.#attempts += 1;
    this.#retryTimer = window.setTimeout(() => void this.#flush(), wait);
  }

  #wake = (): void => {
    this.online = true;
    this.changed();
    if (this.config === null) void this.#begin(0);
    else this.#link.nudge();
    void this.#flush();
  };

  #sleep = (): void => {
    this.online = false;
    this.changed();
  };

  #look = (): void => {
    if (!document.hidden && this.config !== null) this.#link.nudge();
    this.#markSeen();
  };
}
