import type { ApiError } from '../api/client';
import { desk } from './desk.svelte';

/** What every list of the API answers. */
export interface Page<T> { items: T[]; next: string | null }

const FIRST = 50;
const MOST = 200;

/** A list that is read page by page. Of several questions under way only the last one's answer counts. */
export class Paged<T> {
  items: T[] = $state.raw([]);
  next: string | null = $state(null);
  loading = $state(true);
  problem: ApiError | null = $state.raw(null);
  #asked = 0;

  constructor(private readonly read: (query: { cursor?: string; limit: number }) => Promise<Page<T>>, private readonly first = FIRST) {}

  /** Reads what is shown again, from the beginning, as far as one page goes. */
  load(): Promise<void> {
    return this.#ask({ limit: Math.min(MOST, Math.max(this.first, this.items.length)) }, (page) => page.items);
  }

  /** The same, unasked: it must not take away a page that is on its way, or what is further down than one page goes. */
  refresh(): Promise<void> {
    return this.loading || this.items.length > MOST ? Promise.resolve() : this.load();
  }

  /** Another question: what is shown answers the one before. */
  restart(): Promise<void> {
    this.items = [];
    this.next = null;
    return this.load();
  }

  more(): Promise<void> {
    const cursor = this.next;
    if (cursor === null) return Promise.resolve();
    return this.#ask({ cursor, limit: this.first }, (page) => [...this.items, ...page.items]);
  }

  async #ask(query: { cursor?: string; limit: number }, joined: (page: Page<T>) => T[]): Promise<void> {
    const mine = ++this.#asked;
    this.loading = true;
    this.problem = null;
    try {
      const page = await this.read(query);
      if (mine !== this.#asked) return;
      this.items = joined(page);
      this.next = page.next;
    } catch (error) {
      if (mine === this.#asked) this.problem = desk.failed(error);
    } finally {
      if (mine === this.#asked) this.loading = false;
    }
  }
}
