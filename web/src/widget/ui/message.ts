import { fileSize } from '../../shared/bytes';
import { safeHref } from '../../shared/richtext';
import type { Chat } from '../chat';
import { fill, type Locale } from '../i18n';
import type { Attachment, Citation, Line, Outgoing } from '../sync';
import { icon, link, quiet, rich } from './parts';
import { h, type Child, type VNode } from './view';

export interface LineView { line: Line; previous?: Line; next?: Line; open: boolean; chosen: string | null }

/** One line of the conversation, with its author where the author changes. */
export function message(chat: Chat, locale: Locale, view: LineView): VNode {
  const { line } = view;
  const key = lineKey(line);
  if (line.from === 'system') return h('li', { key, class: 'system', 'data-seq': line.seq }, h('p', { dir: 'auto' }, line.text));
  const first = !sameTurn(view.previous, line);
  return h(
    'li', { key, class: `line ${line.from}${first ? ' first' : ''}`, 'data-seq': line.seq },
    author(chat, locale, line, first),
    line.text !== '' && h('div', { class: 'bubble' }, rich(line.text)),
    (line.attachments ?? []).map((file) => attachment(chat, locale, file)),
    line.citations?.length ? h('ul', { class: 'sources', 'aria-label': locale.strings.sources }, line.citations.map(source)) : null,
    line.choices?.length ? choices(chat, view) : null,
    !sameTurn(line, view.next) && h('time', { datetime: line.at }, clock(locale.tag, line.at)),
  );
}

/** A message on its way, with what has become of it. */
export function pending(chat: Chat, locale: Locale, out: Outgoing): VNode {
  const t = locale.strings;
  const failed = out.status === 'failed';
  const fate =
    out.status === 'accepted' ? t.sent : failed ? t.notSent : chat.link === 'live' && chat.online ? t.sending : t.waiting;
  return h(
    'li', { key: `out:${out.id}`, class: `line customer pending ${out.status}` },
    quiet(`${t.you}: `),
    out.text !== '' && h('div', { class: 'bubble' }, rich(out.text)),
    (out.attachments ?? []).map((file) => h('span', { class: 'file' }, icon('file'), h('bdi', null, file.name))),
    h(
      'p', { class: 'fate' },
      h('span', null, fate, out.problem ? h('bdi', null, `: ${out.problem}`) : null),
      failed && h('button', { type: 'button', class: 'text', onclick: () => chat.retry(out.id) }, t.retry),
      failed && h('button', { type: 'button', class: 'text', onclick: () => chat.discard(out.id) }, t.discard),
    ),
  );
}

export function lineKey(line: Line): string {
  return `${line.conversation}:${line.seq}`;
}

/** The same person within five minutes speaks in one go; their name need not be repeated. */
function sameTurn(a: Line | undefined, b: Line | undefined): boolean {
  return (
    a !== undefined && b !== undefined && a.from === b.from && a.author?.name === b.author?.name &&
    a.conversation === b.conversation && Math.abs(Date.parse(b.at) - Date.parse(a.at)) < 300_000
  );
}

function author(chat: Chat, locale: Locale, line: Line, first: boolean): Child {
  const t = locale.strings;
  if (line.from === 'customer') return quiet(`${t.you}: `);
  const bot = line.from === 'bot';
  const name = line.author?.name || (bot ? chat.config?.bot_name : null) || t.team;
  const spoken = quiet(`${fill(bot ? t.isBot : t.isHuman, { name })}: `);
  if (!first) return spoken;
  return h('p', { class: 'author' }, spoken, h('bdi', { 'aria-hidden': 'true' }, name), bot && h('span', { class: 'tag', 'aria-hidden': 'true' }, t.bot));
}

function choices(chat: Chat, { line, open, chosen }: LineView): VNode {
  return h(
    'div', { class: 'choices', role: 'group', 'aria-label': line.text },
    (line.choices ?? []).map((choice) => {
      const picked = chosen === choice.id;
      return h(
        'button',
        {
          type: 'button', class: picked ? 'chosen' : null, disabled: !open, 'aria-pressed': String(picked),
          onclick: () => chat.say(choice.label, { choice: choice.id }),
        },
        h('bdi', null, choice.label),
      );
    }),
  );
}

function source(citation: Citation): VNode {
  const title = h('bdi', null, citation.title);
  const href = citation.url === null ? null : safeHref(resolved(citation.url));
  return h('li', null, href === null ? h('span', null, icon('file'), title) : link(href, icon('link'), title));
}

function resolved(url: string): string {
  try {
    return new URL(url, location.href).href;
  } catch {
    return '';
  }
}

function attachment(chat: Chat, locale: Locale, file: Attachment): VNode {
  const size = fileSize(file.size, locale.tag);
  return h(
    'button',
    {
      type: 'button', class: 'file', 'aria-label': fill(locale.strings.download, { name: file.name, size }),
      onclick: (event: Event) => void download(chat, file, event.currentTarget as HTMLElement),
    },
    icon('file'), h('bdi', null, file.name), h('span', null, size),
  );
}

async function download(chat: Chat, file: Attachment, button: HTMLElement): Promise<void> {
  button.classList.remove('failed');
  try {
    const url = URL.createObjectURL(await chat.api.download(file.id));
    const anchor = document.createElement('a');
    anchor.href = url;
    anchor.download = file.name;
    anchor.click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  } catch {
    button.classList.add('failed');
  }
}

function clock(tag: string, at: string): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? '' : new Intl.DateTimeFormat(tag, { timeStyle: 'short' }).format(date);
}
