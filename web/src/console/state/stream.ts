import { backoff } from '../../shared/backoff';
import type { Row } from '../api/types';

export interface Notice { id: string; text: string; team: string | null; conversation: string | null; at: string }

export interface StreamOwner {
  /** Connected (again): whatever happened meanwhile has to be fetched. */
  up(): void;
  down(): void;
  row(row: Row): void;
  typing(conversation: string, from: string): void;
  notice(notice: Notice): void;
  /** Something was switched off or on. */
  switched(): void;
  /** The stream was refused; the owner finds out whether the session is over. */
  refused(): void;
}


/** The server says something every 15 s. This much silence is a dead line, whatever the browser believes. */
const SILENCE_MS = 45_000;

/** Agents are few and wait for customers: they try again sooner than a page full of visitors would. */
const LONGEST_WAIT_MS = 5_000;

/** The live stream. Reconnects by itself, with backoff and jitter, for as long as it is open. */
export class Stream {
  #source: EventSource | null = null;
  #attempt = 0;
  #timer = 0;
  #watch = 0;
  #open = false;

  constructor(private readonly owner: StreamOwner) {}

  open(): void {
    this.#open = true;
    window.addEventListener('online', this.#wake);
    this.#connect();
  }

  close(): void {
    this.#open = false;
    window.removeEventListener('online', this.#wake);
    clearTimeout(this.#timer);
    clearTimeout(this.#watch);
    this.#source?.close();
    this.#source = null;
  }

  /** Something else got through to the server: no need to sit out the rest of the wait. */
  nudge(): void {
    if (this.#open && this.#source === null) this.#wake();
  }

  #connect(): void {
    clearTimeout(this.#timer);
    this.#source?.close();
    const source = new EventSource('/api/v1/stream');
    this.#source = source;
    const heard = (): void => this.#heard();
    source.onopen = () => {
      this.#attempt = 0;
      heard();
      this.owner.up();
    };
    source.onerror = () => {
      if (this.#source !== source) return;
      // A browser never retries what was refused outright, and retries the rest without backoff: do both here.
      if (source.readyState === EventSource.CLOSED) this.owner.refused();
      this.#again();
    };
    const on = <T>(name: string, hear: (data: T) => void): void => {
      source.addEventListener(name, (event) => {
        heard();
        hear(JSON.parse((event as MessageEvent<string>).data) as T);
      });
    };
    on<Row>('conversation', (row) => this.owner.row(row));
    on<{ conversation: string; from: string }>('typing', (it) => this.owner.typing(it.conversation, it.from));
    on<Notice>('notification', (notice) => this.owner.notice(notice));
    on('switch', () => this.owner.switched());
    on('hello', () => undefined);
    on('ping', () => undefined);
  }

  #again(): void {
    this.#source?.close();
    this.#source = null;
    clearTimeout(this.#watch);
    if (!this.#open) return;
    this.owner.down();
    this.#timer = window.setTimeout(() => this.#connect(), backoff(this.#attempt, Math.random(), 0, LONGEST_WAIT_MS));
    this.#attempt += 1;
  }

  #heard(): void {
    clearTimeout(this.#watch);
    this.#watch = window.setTimeout(() => this.#again(), SILENCE_MS);
  }

  #wake = (): void => {
    this.#attempt = 0;
    this.#connect();
  };
}
