/**
 * Turns hostile text into a small tree of spans that the views render as text nodes.
 * Nothing here ever produces HTML: a link is data, and only http, https and mailto become one.
 */

export type Span =
  | { kind: 'text'; text: string }
  | { kind: 'code'; text: string }
  | { kind: 'strong'; text: string }
  | { kind: 'link'; text: string; href: string };

export type Block = { kind: 'paragraph'; spans: Span[] } | { kind: 'code'; text: string };

const FENCE = /^```[^\n`]*\n([\s\S]*?)\n?```[ \t]*$/gm;
const CANDIDATE = /(https?:\/\/[^\s<>"'`\u200b-\u200f\u202a-\u202e\u2066-\u2069]+)|(mailto:[^\s<>"'`]+)|([\p{L}\p{N}._%+-]{1,64}@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+)/giu;
const TRAILING = /[.,;:!?…»”’*_~|\\]$/;
/** Past this a message is shown as plain text: linking a wall of text helps nobody and costs time. */
const MAX_LINKS = 64;

/** Splits a message into paragraphs and fenced code, and finds links and inline code in the paragraphs. */
export function blocks(text: string): Block[] {
  const found: Block[] = [];
  let from = 0;
  for (const fence of text.matchAll(FENCE)) {
    found.push(...paragraphs(text.slice(from, fence.index)));
    found.push({ kind: 'code', text: fence[1] ?? '' });
    from = fence.index + fence[0].length;
  }
  found.push(...paragraphs(text.slice(from)));
  return found;
}

function paragraphs(text: string): Block[] {
  return text
    .split(/\n[ \t]*\n+/)
    .map((part) => part.replace(/^\n+|\s+$/g, ''))
    .filter((part) => part !== '')
    .map((part) => ({ kind: 'paragraph', spans: spans(part) }));
}

/** Inline code, bold and links of one paragraph; the texts joined give the paragraph back, less backticks and asterisks. */
export function spans(text: string): Span[] {
  const out: Span[] = [];
  for (const [index, piece] of text.split(/`([^`\n]+)`/).entries()) {
    if (index % 2 === 1) out.push({ kind: 'code', text: piece });
    else out.push(...emphasis(piece));
  }
  return out;
}

/** **Bold**, and a help article's "## Heading" at the start of a line; any other mark-up stays as it was written. */
function emphasis(text: string): Span[] {
  return text.split(/\*\*(?=\S)([^*\n]+?)\*\*|^#{1,4} (.+)$/m).flatMap((piece, index): Span[] => {
    if (piece === undefined || piece === '') return [];
    return index % 3 === 0 ? links(piece) : [{ kind: 'strong', text: piece }];
  });
}

/** Finds the links in a text; everything else stays text. */
export function links(text: string): Span[] {
  const out: Span[] = [];
  let from = 0;
  let count = 0;
  for (const match of text.matchAll(CANDIDATE)) {
    if (count === MAX_LINKS) break;
    const shown = trimmed(match[0]);
    const href = safeHref(match[3] === undefined ? shown : `mailto:${shown}`);
    if (href === null) continue;
    if (match.index > from) out.push({ kind: 'text', text: text.slice(from, match.index) });
    out.push({ kind: 'link', text: shown, href });
    from = match.index + shown.length;
    count += 1;
  }
  if (from < text.length) out.push({ kind: 'text', text: text.slice(from) });
  return out;
}

/** A link target that is safe to click (http, https or mailto), or null. */
export function safeHref(target: string): string | null {
  let url: URL;
  try {
    url = new URL(target.trim());
  } catch {
    return null;
  }
  if (url.protocol === 'mailto:') return url.href;
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return null;
  // "https://bank.example@evil.example" shows one host and opens another.
  if (url.username !== '' || url.password !== '') return null;
  return url.href;
}

/** Cuts punctuation that ends the sentence rather than the address, and a bracket nobody opened. */
function trimmed(link: string): string {
  let end = link;
  for (;;) {
    if (TRAILING.test(end)) end = end.slice(0, -1);
    else if (unbalanced(end, '(', ')') || unbalanced(end, '[', ']') || unbalanced(end, '{', '}')) end = end.slice(0, -1);
    else return end;
  }
}

function unbalanced(text: string, open: string, close: string): boolean {
  return text.endsWith(close) && text.split(close).length > text.split(open).length;
}
