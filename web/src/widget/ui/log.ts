import type { Chat } from '../chat';
import { fill, type Locale } from '../i18n';
import { chosen, openChoices, type Line } from '../sync';
import { lineKey, message, pending } from './message';
import { icon } from './parts';
import { Rating } from './rating';
import { h, type Child, type VNode } from './view';

/** The conversation: greeting, lines, what is on its way, who is typing. Follows the end unless the reader left it. */
export class Log {
  #box: HTMLElement | null = null;
  #pinned = true;
  #mine = 0;
  /** History is read at the reader's own pace; only what comes after it is announced. */
  #announce = false;
  #cache = new Map<string, { deps: unknown[]; node: VNode }>();
  #rating: Rating;

  constructor(private readonly chat: Chat, private readonly locale: Locale, private readonly redraw: () => void) {
    this.#rating = new Rating(chat, locale.strings, redraw);
  }

  draw(): Child[] {
    const { chat, locale } = this;
    const t = locale.strings;
    if (chat.link === 'live' && !this.#announce) setTimeout(() => (this.#announce = true), 600);
    return [
      h(
        'div',
        {
          key: 'scroll', class: 'scroll', tabIndex: 0, role: 'group', 'aria-label': t.conversation,
          ref: (node: HTMLElement) => (this.#box = node), onscroll: () => this.#scrolled(),
        },
        this.#intro(),
        h(
          'div',
          { key: 'log', role: 'log', 'aria-live': this.#announce ? 'polite' : 'off', 'aria-relevant': 'additions', 'aria-label': t.conversation },
          h('ol', { class: 'lines' }, this.#lines(), chat.talk.outbox.map((out) => pending(chat, locale, out))),
        ),
        h('div', { key: 'status', role: 'status' }, this.#typist()),
        chat.askRating && this.#rating.draw(),
      ),
      !this.#pinned && h('button', { key: 'end', type: 'button', class: 'to-end', 'aria-label': t.newMessages, onclick: () => this.#toEnd() }, icon('down')),
    ];
  }

  /** After the screen has changed: keep the newest line in sight. */
  drawn(): void {
    const written = this.chat.talk.outbox.length;
    if (this.#pinned || written > this.#mine) this.#toEnd();
    this.#mine = written;
  }

  #intro(): VNode {
    const { config } = this.chat;
    if (config === null) return h('div', { class: 'intro', 'aria-hidden': 'true' }, h('span', { class: 'bone wide' }), h('span', { class: 'bone' }));
    return h(
      'div', { class: 'intro' },
      h('p', { class: 'greeting', dir: 'auto' }, config.greeting),
      config.disclosure ? h('p', { class: 'disclosure', dir: 'auto' }, config.disclosure) : null,
    );
  }

  #lines(): VNode[] {
    const { talk } = this.chat;
    const open = openChoices(talk);
    const out: VNode[] = [];
    talk.lines.forEach((line, at) => {
      const previous = talk.lines[at - 1];
      const next = talk.lines[at + 1];
      const divider = this.#divider(line, previous);
      if (divider !== null) out.push(divider);
      const view = { line, previous, next, open: line.id === open, chosen: line.choices?.length ? chosen(talk, line) : null };
      out.push(this.#cached(lineKey(line), [line, previous, next, view.open, view.chosen, this.chat.config], () => message(this.chat, this.locale, view)));
    });
    return out;
  }

  #cached(key: string, deps: unknown[], draw: () => VNode): VNode {
    const had = this.#cache.get(key);
    if (had !== undefined && had.deps.every((dep, at) => dep === deps[at])) return had.node;
    const node = draw();
    this.#cache.set(key, { deps, node });
    return node;
  }

  #divider(line: Line, previous: Line | undefined): VNode | null {
    const day = (at: string): string => new Date(at).toDateString();
    const key = `day:${lineKey(line)}`;
    if (previous !== undefined && previous.conversation !== line.conversation) {
      return h('li', { key, class: 'divider' }, h('span', null, this.locale.strings.newConversation));
    }
    if (day(line.at) === (previous ? day(previous.at) : new Date().toDateString())) return null;
    const date = new Date(line.at);
    if (Number.isNaN(date.getTime())) return null;
    const name = new Intl.DateTimeFormat(this.locale.tag, { weekday: 'long', day: 'numeric', month: 'long' }).format(date);
    return h('li', { key, class: 'divider' }, h('span', null, name));
  }

  #typist(): VNode | null {
    const { talk, config } = this.chat;
    const t = this.locale.strings;
    if (talk.typing !== 'bot' && talk.typing !== 'agent') return null;
    const name = (talk.typing === 'bot' ? config?.bot_name : talk.agent) ?? t.someone;
    return h(
      'p', { class: 'typing' },
      h('span', { class: 'dots', 'aria-hidden': 'true' }, h('i', null), h('i', null), h('i', null)),
      h('span', { class: 'sr' }, fill(t.typing, { name })),
    );
  }

  #scrolled(): void {
    const box = this.#box;
    if (box === null) return;
    const pinned = box.scrollHeight - box.scrollTop - box.clientHeight < 48;
    if (pinned === this.#pinned) return;
    this.#pinned = pinned;
    this.redraw();
  }

  #toEnd(): void {
    if (this.#box !== null) this.#box.scrollTop = this.#box.scrollHeight;
  }
}
