import { backoff } from '../shared/backoff';
import { failure, Failure, wire, type Api } from './api';
import type { Outgoing, WireEvent } from './sync';

export type LinkState = 'connecting' | 'live' | 'down';

/** What the link needs of its owner; it holds no conversation state itself. */
export interface LinkOwner {
  /** Where to catch up from. */
  position(): { conversation: string | null; seq: number };
  event(event: WireEvent): void;
  state(state: LinkState): void;
  /** The token is no longer good: get another, then `start` again. */
  sessionLost(): void;
}

const CONNECT_MS = 8_000;
const PING_EVERY_MS = 25_000;
const ACK_MS = 10_000;
/** After this many sockets in a row that never became ready, a proxy in between does not let them through. */
const SOCKETS_BEFORE_POLLING = 2;
const POLLING_MS = 120_000;

interface Waiting { resolve: (ack: { seq: number }) => void; reject: (error: Failure) => void; timer: number }

/**
 * One connection to the server: a WebSocket, or long polling where sockets do not get through. At any time only the
 * newest attempt may speak; whatever an older one still delivers is dropped.
 */
export class Link {
  #epoch = 0;
  #attempt = 0;
  #badSockets = 0;
  #pollUntil = 0;
  #socket: WebSocket | null = null;
  #ready = false;
  #poll: AbortController | null = null;
  #timers = new Set<number>();
  #waiting = new Map<string, Waiting>();
  #heardAt = 0;

  constructor(private readonly api: Api, private readonly owner: LinkOwner) {}

  /** Connects, dropping whatever was there. */
  start(): void {
    this.stop();
    const epoch = this.#epoch;
    this.owner.state('connecting');
    if (typeof WebSocket === 'function' && Date.now() >= this.#pollUntil) this.#openSocket(epoch);
    else void this.#pollLoop(epoch);
  }

  /** Closes everything; nothing is heard until the next start. */
  stop(): void {
    this.#epoch += 1;
    this.#ready = false;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#poll?.abort();
    this.#poll = null;
    const socket = this.#socket;
    this.#socket = null;
    if (socket !== null && socket.readyState <= WebSocket.OPEN) socket.close(1000);
    for (const waiting of this.#waiting.values()) {
      clearTimeout(waiting.timer);
      waiting.reject(failure(0, {}, null));
    }
    this.#waiting.clear();
  }

  /** The network is said to be back, or the visitor is active again: do not sit out the rest of a long wait. */
  nudge(): void {
    this.#attempt = 0;
    if (!this.#ready && this.#poll === null && this.#socket === null) this.start();
    else if (this.#ready) this.#probe(5_000);
  }

  /** Hands a message over; resolves when the server has it on disk. Safe to repeat with the same id. */
  send(out: Outgoing): Promise<{ seq: number }> {
    const socket = this.#socket;
    if (!this.#ready || socket === null || socket.readyState !== WebSocket.OPEN) return this.api.send(out);
    return new Promise<{ seq: number }>((resolve, reject) => {
      // No answer on this socket: ask over HTTP, with the same id.
      const timer = window.setTimeout(() => {
        this.#waiting.delete(out.id);
        this.api.send(out).then(resolve, reject);
      }, ACK_MS);
      this.#waiting.set(out.id, { resolve, reject, timer });
      socket.send(JSON.stringify({ type: 'message', ...wire(out) }));
    });
  }

  /** Tells the other side that the visitor types; a lost one does not matter. */
  typing(): void {
    if (this.#ready && this.#socket?.readyState === WebSocket.OPEN) this.#socket.send('{"type":"typing"}');
    else this.api.typing().catch(() => undefined);
  }

  #openSocket(epoch: number): void {
    const { conversation, seq } = this.owner.position();
    const socket = new WebSocket(this.api.socketUrl(seq, conversation), 'deskhand.v1');
    this.#socket = socket;
    const connect = this.#later(CONNECT_MS, () => socket.close());
    socket.onopen = () => socket.send(JSON.stringify({ type: 'hello', token: this.api.token }));
    socket.onmessage = (message) => {
      if (epoch !== this.#epoch || typeof message.data !== 'string') return;
      this.#heardAt = Date.now();
      this.#frame(message.data, connect);
    };
    socket.onclose = (closed) => {
      if (epoch === this.#epoch) this.#closed(closed.code);
    };
  }

  #frame(data: string, connect: number): void {
    let frame: { type?: string } & Record<string, unknown>;
    try {
      frame = JSON.parse(data) as typeof frame;
    } catch {
      return;
    }
    switch (frame.type) {
      case 'ready':
        clearTimeout(connect);
        this.#attempt = 0;
        this.#badSockets = 0;
        this.#ready = true;
        if (typeof frame.conversation === 'string') this.owner.event({ type: 'conversation', id: frame.conversation });
        this.owner.state('live');
        this.#beat();
        break;
      case 'ack':
        this.#settle(String(frame.id), (waiting) => waiting.resolve({ seq: Number(frame.seq) }));
        break;
      case 'refused': {
        const problem = (frame.problem ?? {}) as Record<string, unknown>;
        const wait = typeof problem.retry_after === 'number' ? String(problem.retry_after) : null;
        this.#settle(String(frame.id), (waiting) => waiting.reject(failure(Number(problem.status) || 400, problem, wait)));
        break;
      }
      case 'pong':
        break;
      default:
        this.owner.event(frame as unknown as WireEvent);
    }
  }

  #settle(id: string, how: (waiting: Waiting) => void): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    this.#waiting.delete(id);
    clearTimeout(waiting.timer);
    how(waiting);
  }

  #closed(code: number): void {
    const wasReady = this.#ready;
    this.stop();
    if (code === 4401) return this.owner.sessionLost();
    if (!wasReady && navigator.onLine) this.#badSockets += 1;
    if (this.#badSockets >= SOCKETS_BEFORE_POLLING) {
      this.#badSockets = 0;
      this.#pollUntil = Date.now() + POLLING_MS;
    }
    this.#retry(code === 4429 ? 5_000 : 0);
  }

  #retry(atLeastMs: number): void {
    this.owner.state('down');
    const wait = backoff(this.#attempt, Math.random(), atLeastMs);
    this.#attempt += 1;
    this.#later(wait, () => this.start());
  }

  #beat(): void {
    this.#later(PING_EVERY_MS, () => {
      this.#probe(15_000);
      this.#beat();
    });
  }

  /** A socket can be dead without knowing it (a laptop that slept): ask, and hang up when nothing comes. */
  #probe(patienceMs: number): void {
    const socket = this.#socket;
    if (socket === null || socket.readyState !== WebSocket.OPEN) return;
    const asked = Date.now();
    socket.send('{"type":"ping"}');
    this.#later(patienceMs, () => {
      if (this.#socket === socket && this.#heardAt < asked) this.#closed(4000);
    });
  }

  async #pollLoop(epoch: number): Promise<void> {
    // The first answer comes at once, so that "connected" is known at once.
    let wait = 0;
    while (epoch === this.#epoch) {
      const poll = new AbortController();
      this.#poll = poll;
      const { conversation, seq } = this.owner.position();
      try {
        const { events } = await this.api.events(seq, conversation, wait, poll.signal);
        if (epoch !== this.#epoch) return;
        this.#attempt = 0;
        wait = 25;
        this.owner.state('live');
        for (const event of Array.isArray(events) ? events : []) this.owner.event(event);
        if (Date.now() >= this.#pollUntil) return this.start();
      } catch (error) {
        if (epoch !== this.#epoch) return;
        this.stop();
        const failed = error instanceof Failure ? error : failure(0, {}, null);
        return failed.kind === 'session' ? this.owner.sessionLost() : this.#retry(failed.problem.retryAfterMs);
      }
    }
  }

  #later(ms: number, what: () => void): number {
    const timer = window.setTimeout(() => {
      this.#timers.delete(timer);
      what();
    }, ms);
    this.#timers.add(timer);
    return timer;
  }
}
