export interface Toast { id: number; kind: 'info' | 'error'; text: string }

const SHOWN_MS = 7_000;

/** Short words on what just happened. Errors stay until closed, because they may ask for something to be done. */
class Toasts {
  items: Toast[] = $state([]);
  #next = 1;

  say(text: string, kind: Toast['kind'] = 'info'): void {
    if (this.items.some((it) => it.text === text)) return;
    const id = this.#next++;
    this.items.push({ id, kind, text });
    if (kind === 'info') setTimeout(() => this.close(id), SHOWN_MS);
  }

  close(id: number): void {
    this.items = this.items.filter((it) => it.id !== id);
  }
}

export const toasts = new Toasts();
