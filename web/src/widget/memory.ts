import type { Outgoing } from './sync';

const PREFIX = 'deskhand:';

/**
 * What survives a reload, in the iframe's own origin. Each unsent message has a key of its own, so two tabs never
 * overwrite one another's; both may send it, which its id makes harmless.
 */
export class Memory {
  #store: Storage | null;
  /** Used where the browser forbids storage: everything works, but ends with the page. */
  #fallback = new Map<string, string>();

  constructor(store: () => Storage) {
    try {
      this.#store = store();
      this.#store.getItem(PREFIX);
    } catch {
      this.#store = null;
    }
  }

  get(key: 'token' | 'conversation' | 'seen' | 'draft' | 'rated'): string | null {
    return this.#read(PREFIX + key);
  }

  set(key: 'token' | 'conversation' | 'seen' | 'draft' | 'rated', value: string | null): void {
    this.#write(PREFIX + key, value === '' ? null : value);
  }

  /** Unsent messages in the order they were written. */
  outbox(): Outgoing[] {
    const found: Outgoing[] = [];
    for (const key of this.#keys()) {
      if (!key.startsWith(`${PREFIX}out:`)) continue;
      const out = parse(this.#read(key));
      if (out !== null) found.push(out);
    }
    return found.sort((a, b) => (a.at < b.at ? -1 : 1));
  }

  keep(out: Outgoing): void {
    this.#write(`${PREFIX}out:${out.id}`, JSON.stringify(out));
  }

  drop(id: string): void {
    this.#write(`${PREFIX}out:${id}`, null);
  }

  /** Forgets everything, e.g. at sign-out of the page that holds the widget. */
  clear(): void {
    for (const key of this.#keys()) if (key.startsWith(PREFIX)) this.#write(key, null);
  }

  #keys(): string[] {
    return this.#store === null ? [...this.#fallback.keys()] : Object.keys(this.#store);
  }

  #read(key: string): string | null {
    return this.#store === null ? (this.#fallback.get(key) ?? null) : this.#store.getItem(key);
  }

  #write(key: string, value: string | null): void {
    if (value === null) this.#fallback.delete(key);
    else this.#fallback.set(key, value);
    try {
      if (value === null) this.#store?.removeItem(key);
      else this.#store?.setItem(key, value);
    } catch {
      this.#store = null; // full or forbidden: go on in memory
    }
  }
}

function parse(json: string | null): Outgoing | null {
  try {
    const out = JSON.parse(json ?? '') as Outgoing;
    return typeof out.id === 'string' && typeof out.text === 'string' && typeof out.at === 'string' ? out : null;
  } catch {
    return null;
  }
}
