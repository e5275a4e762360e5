import type { Chat } from '../chat';
import { fill, type Locale } from '../i18n';
import { h, type VNode } from './view';

/** A blip that heals at once is not worth a banner. */
const BLIP_MS = 1_500;

/** The line above the composer: connection, queue, end. One at a time, the most pressing first. */
export class Notice {
  #downSince: number | null = null;

  constructor(private readonly chat: Chat, private readonly locale: Locale, private readonly redraw: () => void) {}

  draw(): VNode {
    const { chat } = this;
    const t = this.locale.strings;
    let text: string | null = null;
    let kind = 'notice';
    if (this.#down()) {
      text = !chat.online ? t.offline : chat.config === null ? t.connecting : t.reconnecting;
      kind = 'notice warn';
    } else if (chat.renewed) text = t.expired;
    else if (chat.talk.phase === 'queued') {
      text = this.#queued();
      kind = 'notice queued';
    } else if (chat.talk.phase === 'resolved') text = chat.thanked ? `${t.thanks} ${t.resolved}` : t.resolved;
    return h('div', { key: 'notices', role: 'status' }, text !== null && h('p', { class: kind }, text));
  }

  #down(): boolean {
    if (this.chat.link === 'live' && this.chat.online) {
      this.#downSince = null;
      return false;
    }
    if (!this.chat.online) return true;
    const now = Date.now();
    if (this.#downSince === null) {
      this.#downSince = now;
      setTimeout(this.redraw, BLIP_MS + 20);
    }
    return now - this.#downSince >= BLIP_MS;
  }

  #queued(): string {
    const t = this.locale.strings;
    const { position, expectedWaitS } = this.chat.talk;
    return [
      t.queued,
      ...(position !== null && position > 0 ? [fill(t.queuedPosition, { n: position })] : []),
      ...(expectedWaitS !== null && expectedWaitS > 0 ? [fill(t.queuedWait, { wait: this.#wait(expectedWaitS) })] : []),
    ].join(' ');
  }

  #wait(seconds: number): string {
    const hours = seconds >= 5400;
    const value = Math.max(1, Math.round(seconds / (hours ? 3600 : 60)));
    return new Intl.NumberFormat(this.locale.tag, { style: 'unit', unit: hours ? 'hour' : 'minute', unitDisplay: 'long' }).format(value);
  }
}
