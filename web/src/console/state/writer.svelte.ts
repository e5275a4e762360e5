import { ApiError, asApiError, open } from '../api/client';
import { pieces } from '../lib/pieces';

export type Wanted = { kind: 'reply'; note?: string } | { kind: 'translation'; text: string };

/** What a draft is written into. */
export interface Page { draft: string }

const CUT: string = 'The draft was cut off. Try again, or write it yourself.';

/** Has the language model write into the reply field, word by word. Nothing is sent: a person reads it first. */
export class Writer {
  /** What is being written now. */
  wanted: Wanted['kind'] | null = $state(null);
  /** What must be looked up or decided before this can be sent. */
  missing: string[] = $state.raw([]);
  problem: string | null = $state(null);
  /** What stood in the field before, while it can be had back. */
  before: string | null = $state(null);
  /** What the model wrote: once it is changed by hand, it is the agent's own text. */
  #written = '';
  #call: AbortController | null = null;

  constructor(private readonly conversation: string, private readonly page: Page) {}

  async write(wanted: Wanted): Promise<void> {
    if (this.wanted !== null) return;
    const call = new AbortController();
    this.#call = call;
    this.wanted = wanted.kind;
    this.problem = null;
    this.missing = [];
    const before = this.page.draft;
    this.before = before;
    try {
      this.page.draft = '';
      await this.#take(wanted, call.signal);
    } catch (error) {
      if (call.signal.aborted) return; // stopped by the agent, who keeps what is there
      this.page.draft = before;
      this.before = null;
      this.problem = asApiError(error).message;
    } finally {
      if (this.#call === call) {
        this.#call = null;
        this.wanted = null;
        this.#written = this.page.draft;
        // Nothing came, or nothing was there before: there is nothing to go back to.
        if (this.page.draft === '') this.page.draft = before;
        if (this.page.draft === before) this.before = null;
      }
    }
  }

  async #take(wanted: Wanted, signal: AbortSignal): Promise<void> {
    const body = await open(`/api/v1/conversations/${encodeURIComponent(this.conversation)}/drafts`, wanted, signal);
    for await (const piece of pieces(body)) {
      if (piece.type === 'failed') throw new ApiError(0, piece.code, piece.detail);
      if (piece.type === 'text') this.page.draft += piece.text;
      else {
        // Only the whole answer was checked; it replaces what was shown.
        this.page.draft = piece.text;
        this.missing = piece.missing;
        return;
      }
    }
    throw new ApiError(0, 'cut', CUT);
  }

  /** The agent has read enough. */
  stop(): void {
    this.#call?.abort();
  }

  /** The field as it was before. */
  undo(): void {
    if (this.before === null || this.wanted !== null) return;
    this.page.draft = this.before;
    this.forget();
  }

  /** The text was sent or thrown away. */
  forget(): void {
    this.before = null;
    this.missing = [];
    this.problem = null;
  }

  /** Whether the field still holds what the model wrote. */
  get untouched(): boolean {
    return this.before !== null && this.page.draft === this.#written;
  }
}
