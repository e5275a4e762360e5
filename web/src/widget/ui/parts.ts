import { blocks, type Span } from '../../shared/richtext';
import { h, type Child, type VNode } from './view';

const paths = {
  close: 'M6 6l12 12M18 6L6 18',
  down: 'M6 9l6 6 6-6',
  send: 'M5 12h13M12 5l7 7-7 7',
  clip: 'M20 11.5l-8.5 8.5a5.5 5.5 0 0 1-7.8-7.8l8.8-8.8a3.7 3.7 0 0 1 5.2 5.2l-8.7 8.7a1.8 1.8 0 0 1-2.6-2.6l7.9-7.9',
  file: 'M14 3H6v18h12V7zM14 3v4h4',
  star: 'M12 3.5l2.6 5.5 6 .8-4.4 4.1 1.1 6-5.3-2.9-5.3 2.9 1.1-6L3.4 9.800l6-.8z',
  bot: 'M12 4v3M8 7h8a3 3 0 0 1 3 3v5a3 3 0 0 1-3 3H8a3 3 0 0 1-3-3v-5a3 3 0 0 1 3-3zM9.5 12v1M14.5 12v1',
  person: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20a7.5 7.5 0 0 1 15 0',
  link: 'M14 5h5v5M19 5l-8 8M11 6H6v12h12v-5',
};

/** A decorative icon; whatever holds it carries the words. */
export function icon(name: keyof typeof paths): VNode {
  return h('svg', { class: 'icon', viewBox: '0 0 24 24', 'aria-hidden': 'true' }, h('path', { d: paths[name] }));
}

/** Words for screen readers only. */
export function quiet(text: string): VNode {
  return h('span', { class: 'sr' }, text);
}

/** A link that gives the page it opens neither access nor the address it came from. */
export function link(href: string, ...children: Child[]): VNode {
  return h('a', { href, target: '_blank', rel: 'noopener noreferrer nofollow' }, ...children);
}

/** A message's text: paragraphs, line breaks, code and safe links. */
export function rich(text: string): VNode[] {
  return blocks(text).map((block) =>
    block.kind === 'code'
      ? h('pre', { dir: 'ltr', tabIndex: 0 }, h('code', null, block.text))
      : h('p', { dir: 'auto' }, block.spans.map(span)),
  );
}

function span(it: Span): Child {
  switch (it.kind) {
    case 'text': return it.text;
    case 'link': return link(it.href, it.text);
    default: return h(it.kind, null, it.text); // code or strong
  }
}
