import type { Chat } from '../chat';
import { fill } from '../i18n';
import type { Strings } from '../i18n/en';
import { icon, quiet } from './parts';
import { h, type VNode } from './view';

/** One to five stars, with a word if the customer likes. Plain radio buttons underneath, so any input device works. */
export class Rating {
  #stars = 0;
  #comment = '';
  #busy = false;
  #failed = false;

  constructor(private readonly chat: Chat, private readonly t: Strings, private readonly redraw: () => void) {}

  draw(): VNode {
    const { t } = this;
    return h(
      'form', { key: 'rating', class: 'rating', onsubmit: (event: SubmitEvent) => void this.#submit(event) },
      h('fieldset', null, h('legend', null, t.rate), h('div', { class: 'stars' }, [1, 2, 3, 4, 5].map((n) => this.#star(n)))),
      this.#stars > 0 && [
        h(
          'label', { key: 'comment' }, quiet(t.comment),
          h('textarea', { rows: 2, maxlength: 2000, placeholder: t.comment, oninput: (e: InputEvent) => (this.#comment = (e.target as HTMLTextAreaElement).value) }),
        ),
        h('button', { key: 'send', type: 'submit', class: 'primary', disabled: this.#busy }, t.sendRating),
        this.#failed && h('p', { key: 'error', class: 'error', role: 'alert' }, t.notSent),
      ],
    );
  }

  #star(n: number): VNode {
    const pick = (): void => {
      this.#stars = n;
      this.redraw();
    };
    return h(
      'label', { class: n <= this.#stars ? 'on' : null },
      h('input', { type: 'radio', name: 'rating', value: String(n), checked: n === this.#stars, onchange: pick }),
      quiet(fill(this.t.star, { n })), icon('star'),
    );
  }

  async #submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (this.#stars === 0 || this.#busy) return;
    this.#busy = true;
    this.#failed = false;
    this.redraw();
    try {
      await this.chat.rate(this.#stars, this.#comment);
      this.#stars = 0;
      this.#comment = '';
    } catch {
      this.#failed = true;
    }
    this.#busy = false;
    this.redraw();
  }
}
