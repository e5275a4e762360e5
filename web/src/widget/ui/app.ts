import type { Chat } from '../chat';
import type { FromFrame } from '../frame';
import type { Locale } from '../i18n';
import { Composer } from './composer';
import { Elsewhere } from './elsewhere';
import { header } from './header';
import { Log } from './log';
import { Notice } from './notice';
import { h, root } from './view';

export interface Panel {
  shown(phone: boolean): void;
  hidden(): void;
}

/** Puts the panel on the screen and keeps it true to the chat. `framed` is false when it is a page of its own. */
export function show(target: Element, chat: Chat, locale: Locale, framed: boolean, post: (message: FromFrame) => void): Panel {
  const t = locale.strings;
  const draw = root(target);
  let planned = false;
  let heading: HTMLElement | null = null;
  let told = -1;

  /** Many changes in one go are one drawing. */
  const redraw = (): void => {
    if (planned) return;
    planned = true;
    queueMicrotask(() => {
      planned = false;
      paint();
    });
  };
  const log = new Log(chat, locale, redraw);
  const notice = new Notice(chat, locale, redraw);
  const composer = new Composer(chat, locale, redraw);
  const elsewhere = new Elsewhere(chat, t, redraw);
  const close = (): void => post({ deskhand: 'close' });

  function paint(): void {
    const top = header(chat, t, framed ? close : null, elsewhere.button(), (node) => (heading = node));
    const body = chat.broken === null
      ? [log.draw(), notice.draw(), composer.draw()]
      : h('p', { key: 'broken', class: 'broken', role: 'alert' }, chat.broken || t.broken);
    draw([h('main', { 'aria-label': t.chat }, top, elsewhere.panel(), body)]);
    log.drawn();
    const count = chat.visible ? 0 : chat.unread;
    if (count !== told) post({ deskhand: 'unread', count });
    told = count;
    if (chat.talk.lines.length > 0) post({ deskhand: 'active' });
  }

  window.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && framed && !event.isComposing) close();
  });
  chat.changed = redraw;
  paint();
  return {
    shown(phone) {
      chat.setVisible(true);
      // On a phone the keyboard would cover what there is to read.
      if (phone) heading?.focus();
      else composer.focus();
    },
    hidden: () => chat.setVisible(false),
  };
}
