/**
 * The one line a site pastes: `<script src="https://desk.example/widget.js" async></script>`.
 * Draws the launcher in a shadow root and loads the chat into an iframe, so neither page nor chat can touch the other.
 */
import type { FromFrame, ToFrame } from '../widget/frame';
import styles from './styles';
import { words } from './words';

interface Deskhand {
  open(): void;
  close(): void;
  identify(jwt: string): void;
  shutdown(): void;
}
declare global {
  interface Window { Deskhand?: Deskhand }
}

const script = document.currentScript as HTMLScriptElement | null;
/** Tells on later pages that there is a conversation, so that news of it can show on the launcher. */
const ACTIVE = 'deskhand:active';

function icon(paths: string): SVGElement {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  path.setAttribute('d', paths);
  svg.append(path);
  return svg;
}

/** The page's colour if it is a plain hex colour, with the ink that reads on it (WCAG relative luminance). */
function accent(color: string | undefined): { fill: string; ink: string } | null {
  const hex = /^#(?:([\da-f]{3})|([\da-f]{6}))$/i.exec(color ?? '');
  if (hex === null) return null;
  const full = hex[2] ?? [...(hex[1] ?? '')].map((c) => c + c).join('');
  const [r, g, b] = [0, 2, 4].map((at) => {
    const part = parseInt(full.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  const luminance = 0.2126 * r + 0.7152 * g + 0.0722 * b;
  return { fill: `#${full}`, ink: luminance > 0.183 ? '#000' : '#fff' };
}

function start(source: HTMLScriptElement): void {
  const home = new URL('.', source.src);
  const { color } = source.dataset;
  const locale = source.dataset.locale || document.documentElement.lang || navigator.language || 'en';
  const text = words(locale);
  const host = document.createElement('deskhand-chat');
  const root = host.attachShadow({ mode: 'open' });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(styles);
  root.adoptedStyleSheets = [sheet];

  const button = document.createElement('button');
  button.type = 'button';
  button.setAttribute('aria-expanded', 'false');
  const badge = document.createElement('span');
  badge.className = 'badge';
  badge.hidden = true;
  button.append(
    icon('M12 3C6.9 3 3 6.5 3 10.9c0 2.5 1.3 4.7 3.3 6.1-.1 1.2-.6 2.4-1.5 3.5 1.9-.2 3.5-.8 4.8-1.8.8.1 1.6.2 2.4.2 5.1 0 9-3.5 9-8S17.1 3 12 3Z'),
    icon('M6 9.5 12 15.5 18 9.5'),
    badge,
  );
  root.append(button);
  host.dir = text.rtl ? 'rtl' : 'ltr';
  const colors = accent(color);
  if (colors !== null) {
    host.style.setProperty('--dh-fill', colors.fill);
    host.style.setProperty('--dh-ink', colors.ink);
  }

  const phone = matchMedia('(max-width: 480px), (max-height: 480px) and (pointer: coarse)');
  let frame: HTMLIFrameElement | null = null;
  let ready = false;
  let open = false;
  let unread = 0;

  const label = (): void => {
    button.setAttribute('aria-label', open ? text.close : unread > 0 ? text.unread.replace('{n}', String(unread)) : text.open);
    button.setAttribute('aria-expanded', String(open));
    badge.hidden = open || unread === 0;
    badge.textContent = unread > 9 ? '9+' : String(unread);
    host.classList.toggle('open', open);
  };
  const post = (message: ToFrame): void => {
    if (ready) frame?.contentWindow?.postMessage(message, home.origin);
  };
  const load = (): void => {
    if (frame !== null) return;
    frame = document.createElement('iframe');
    frame.title = text.title;
    frame.inert = true;
    frame.src = `${new URL('widget/', home).href}#origin=${encodeURIComponent(location.origin)}`;
    root.prepend(frame);
  };
  const show = (): void => {
    load();
    open = true;
    if (frame !== null) frame.inert = false;
    frame?.focus();
    post({ deskhand: 'shown', phone: phone.matches });
    label();
  };
  const hide = (): void => {
    if (!open) return;
    open = false;
    post({ deskhand: 'hidden' });
    label();
    // Before the frame turns inert, or the keyboard would fall back to the top of the page.
    button.focus();
    if (frame !== null) frame.inert = true;
  };

  const hear = (event: MessageEvent): void => {
    if (frame === null || event.source !== frame.contentWindow || event.origin !== home.origin) return;
    const message = event.data as FromFrame;
    if (message?.deskhand === 'ready') {
      ready = true;
      // The path only: a page's query and fragment may hold secrets of its own.
      post({ deskhand: 'init', identity: source.dataset.identity, locale, color: colors?.fill, page: location.origin + location.pathname });
      if (open) post({ deskhand: 'shown', phone: phone.matches });
    } else if (message?.deskhand === 'close') hide();
    else if (message?.deskhand === 'unread' && Number.isSafeInteger(message.count)) {
      unread = Math.max(0, message.count);
      label();
    } else if (message?.deskhand === 'active') remember(true);
  };
  const escape = (event: KeyboardEvent): void => {
    if (event.key === 'Escape' && open) hide();
  };

  button.addEventListener('click', () => (open ? hide() : show()));
  host.addEventListener('keydown', escape);
  window.addEventListener('message', hear);
  label();
  document.body.append(host);
  if (remembered()) load();

  window.Deskhand = {
    open: show,
    close: hide,
    identify(jwt) {
      load();
      if (ready) post({ deskhand: 'identify', identity: jwt });
      else source.dataset.identity = jwt;
    },
    shutdown() {
      post({ deskhand: 'shutdown' });
      remember(false);
      window.removeEventListener('message', hear);
      // The frame needs a moment to forget what it knows before it is taken away.
      setTimeout(() => host.remove(), 300);
      delete window.Deskhand;
    },
  };
}

function remembered(): boolean {
  try {
    return localStorage.getItem(ACTIVE) !== null;
  } catch {
    return false;
  }
}

function remember(active: boolean): void {
  try {
    if (active) localStorage.setItem(ACTIVE, '1');
    else localStorage.removeItem(ACTIVE);
  } catch {
    // Storage is forbidden here: the launcher simply shows no news before it is opened.
  }
}

if (script?.src && window.Deskhand === undefined) {
  if (document.body === null) addEventListener('DOMContentLoaded', () => start(script), { once: true });
  else start(script);
}
