import type { Chat } from '../chat';
import { fill } from '../i18n';
import type { Strings } from '../i18n/en';
import { icon } from './parts';
import { h, type VNode } from './view';

/** Who is speaking, at all times: the automated assistant, or a person by name. */
export function header(chat: Chat, t: Strings, onclose: (() => void) | null, elsewhere: VNode | false, heading: (node: HTMLElement) => void): VNode {
  const { phase, agent } = chat.talk;
  const human = phase === 'human';
  const initial = human ? [...(agent ?? '')][0]?.toUpperCase() : undefined;
  const status = human ? (agent ? fill(t.human, { name: agent }) : t.aHuman) : phase === 'queued' ? t.team : t.automated;
  return h(
    'header', null,
    h('span', { class: human ? 'avatar human' : 'avatar', 'aria-hidden': 'true' }, initial ?? icon(human ? 'person' : 'bot')),
    h(
      'div', { class: 'who' },
      h('h1', { tabIndex: -1, ref: heading }, h('bdi', null, chat.config?.desk ?? t.chat)),
      h('p', { class: human && chat.link === 'live' ? 'live' : null }, h('bdi', null, status)),
    ),
    elsewhere,
    onclose && h('button', { type: 'button', class: 'plain', 'aria-label': t.close, onclick: onclose }, icon('down')),
  );
}
