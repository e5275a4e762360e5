import './widget.css';
import { Api } from './api';
import { Chat } from './chat';
import { listen, parentOrigin, tell, type FromFrame, type ToFrame } from './frame';
import { loadLocale } from './i18n';
import { Memory } from './memory';
import { show, type Panel } from './ui/app';

type Init = Extract<ToFrame, { deskhand: 'init' }>;

async function start(init: Init, origin: string | null): Promise<{ chat: Chat; panel: Panel }> {
  const locale = await loadLocale([init.locale, ...navigator.languages]);
  document.documentElement.lang = locale.tag;
  document.documentElement.dir = locale.dir;
  document.title = locale.strings.chat;
  paint(init.color);
  const memory = new Memory(() => window.localStorage);
  const api = new Api(location.href.split('#')[0] ?? location.href);
  const chat = new Chat(api, memory, { identity: init.identity, locale: init.locale, page: init.page });
  const post = (message: FromFrame): void => {
    if (origin !== null) tell(origin, message);
  };
  const panel = show(document.getElementById('app')!, chat, locale, origin !== null, post);
  chat.start();
  return { chat, panel };
}

/** The site's colour, with black or white on it, whichever reads (the loader checked that it is a colour). */
function paint(color: string | undefined): void {
  if (color === undefined || !/^#[\da-f]{6}$/i.test(color)) return;
  const [r, g, b] = [1, 3, 5].map((at) => {
    const part = parseInt(color.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  const root = document.documentElement.style;
  root.setProperty('--accent', color);
  root.setProperty('--on-accent', 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.183 ? '#000' : '#fff');
}

const origin = parentOrigin(location);
if (window.parent === window) {
  // Opened on its own, e.g. from a link in an e-mail: a full page of chat.
  const query = new URLSearchParams(location.search);
  const init: Init = { deskhand: 'init', locale: query.get('locale') ?? navigator.language };
  void start(init, null).then(({ panel }) => panel.shown(false));
} else if (origin !== null) {
  let started: ReturnType<typeof start> | null = null;
  listen(origin, (message) => {
    if (message.deskhand === 'init') started ??= start(message, origin);
    void started?.then(({ chat, panel }) => {
      if (message.deskhand === 'shown') panel.shown(message.phone);
      else if (message.deskhand === 'hidden') panel.hidden();
      else if (message.deskhand === 'identify') chat.identify(message.identity);
      else if (message.deskhand === 'shutdown') chat.stop(true);
    });
  });
  tell(origin, { deskhand: 'ready' });
}
