import { Failure, type Invitation } from '../api';
import type { Chat } from '../chat';
import { fill } from '../i18n';
import type { Strings } from '../i18n/en';
import { icon, link } from './parts';
import { h, type VNode } from './view';

const names: Record<string, string> = { telegram: 'Telegram', discord: 'Discord' };

/** Taking the conversation to another app, and staying who one is. */
export class Elsewhere {
  #open = false;
  #busy = false;
  #items: Invitation[] | null = null;

  constructor(private readonly chat: Chat, private readonly t: Strings, private readonly redraw: () => void) {}

  /** The button in the header, where there is somewhere to go. */
  button(): VNode | false {
    if ((this.chat.config?.channels ?? []).length === 0) return false;
    const toggle = (): void => void this.#toggle();
    return h(
      'button', { type: 'button', class: 'plain', 'aria-label': this.t.elsewhere, title: this.t.elsewhere, 'aria-expanded': String(this.#open), onclick: toggle },
      icon('link'),
    );
  }

  panel(): VNode | false {
    if (!this.#open) return false;
    const { t } = this;
    const items = this.#items;
    return h(
      'section', { key: 'elsewhere', class: 'elsewhere', 'aria-label': t.elsewhere },
      h('div', { role: 'status' },
        this.#busy ? h('p', null, t.connecting)
        : items === null ? h('p', null, t.elsewhereFailed)
        : items.map((item) => this.#item(item))),
      items !== null && h('p', { class: 'hint' }, t.elsewhereHint),
    );
  }

  #item({ channel, to }: Invitation): VNode {
    const name = names[channel] ?? channel;
    return to.startsWith('https://')
      ? h('p', { key: channel }, link(to, fill(this.t.continueOn, { name })))
      : h('p', { key: channel }, fill(this.t.writeThere, { name }), ' ', h('code', { dir: 'ltr', tabIndex: 0 }, to));
  }

  async #toggle(): Promise<void> {
    this.#open = !this.#open;
    this.#items = null;
    if (this.#open) {
      this.#busy = true;
      this.redraw();
      try {
        this.#items = (await this.chat.api.links()).items;
      } catch (error) {
        if (!(error instanceof Failure)) throw error; // said in the panel
      }
      this.#busy = false;
    }
    this.redraw();
  }
}
