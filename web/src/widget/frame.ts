/**
 * The two-way talk between the page that holds the widget (loader.ts) and this iframe. Each side checks the window
 * and the origin of every message, and addresses its own to one origin only.
 */
export type ToFrame =
  | { deskhand: 'init'; identity?: string; locale: string; color?: string; page?: string }
  | { deskhand: 'shown'; phone: boolean }
  | { deskhand: 'hidden' }
  | { deskhand: 'identify'; identity: string }
  | { deskhand: 'shutdown' };

export type FromFrame =
  | { deskhand: 'ready' }
  | { deskhand: 'close' }
  | { deskhand: 'unread'; count: number }
  | { deskhand: 'active' };

/** The origin that embeds us, as the loader named it in the fragment and, where told, as the browser confirms it. */
export function parentOrigin(location: Location): string | null {
  const named = new URLSearchParams(location.hash.slice(1)).get('origin');
  if (named === null) return null;
  const actual = location.ancestorOrigins?.[0];
  if (actual !== undefined && actual !== named) return null;
  try {
    const url = new URL(named);
    return url.origin === named && (url.protocol === 'https:' || url.protocol === 'http:') ? named : null;
  } catch {
    return null;
  }
}

/** Listens to the embedding page only. */
export function listen(origin: string, hear: (message: ToFrame) => void): void {
  window.addEventListener('message', (event) => {
    if (event.source !== window.parent || event.origin !== origin) return;
    const data: unknown = event.data;
    if (typeof data === 'object' && data !== null && 'deskhand' in data) hear(data as ToFrame);
  });
}

export function tell(origin: string, message: FromFrame): void {
  window.parent.postMessage(message, origin);
}
