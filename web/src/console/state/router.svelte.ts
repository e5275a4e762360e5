import { VIEWS, type View } from '../api/types';

const BASE = '/console';

export type Route = { page: 'desk'; view: View; conversation: string | null } | { page: Page; part?: string };

/** Pages beside the desk itself, by their addresses; some have parts, such as one ticket. */
const PAGES = ['tickets', 'approvals', 'automation', 'model', 'letters'] as const;
export type Page = (typeof PAGES)[number];

/** Reads a path under /console; anything unknown is the queue. */
export function parse(path: string): Route {
  const [first = '', second] = path.slice(BASE.length).split('/').filter((p) => p !== '').map(decode);
  const page = PAGES.find((p) => p === first);
  if (page !== undefined) return second === undefined ? { page } : { page, part: second };
  const view = VIEWS.find((v) => v === first) ?? 'queue';
  return { page: 'desk', view, conversation: second ?? null };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function href(route: Route): string {
  if (route.page !== 'desk') return `${BASE}/${route.page}${route.part === undefined ? '' : `/${encodeURIComponent(route.part)}`}`;
  return `${BASE}/${route.view}${route.conversation === null ? '' : `/${encodeURIComponent(route.conversation)}`}`;
}

/** Where the agent is, in step with the address bar. */
class Router {
  route: Route = $state.raw(parse(location.pathname));

  constructor() {
    window.addEventListener('popstate', () => (this.route = parse(location.pathname)));
  }

  go(route: Route, replace = false): void {
    if (href(route) === location.pathname) return;
    history[replace ? 'replaceState' : 'pushState'](null, '', href(route));
    this.route = route;
  }
}

export const router = new Router();

/** For links: plain clicks stay in the page, everything else (new tab, copy) is the browser's. */
export function follow(route: Route): { href: string; onclick: (event: MouseEvent) => void } {
  return {
    href: href(route),
    onclick(event) {
      if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
      event.preventDefault();
      router.go(route);
    },
  };
}
