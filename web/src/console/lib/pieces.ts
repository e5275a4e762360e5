/** A text that is written while one looks: pieces of it, and how it ended. */
export type Piece =
  | { type: 'text'; text: string }
  | { type: 'done'; text: string; missing: string[] }
  | { type: 'failed'; code: string; detail: string };

/** What the server sends as `text/event-stream`, however the network cuts it. */
export async function* pieces(body: ReadableStream<Uint8Array>): AsyncGenerator<Piece> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      rest += decoder.decode(value, { stream: true });
      const blocks = rest.split(/\r?\n\r?\n/);
      rest = blocks.pop() ?? '';
      for (const block of blocks) {
        const piece = read(block);
        if (piece !== null) yield piece;
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined); // it has ended, or nobody reads it any more
  }
}

/** One event; comments and what we don't know are passed over. */
function read(block: string): Piece | null {
  let kind = '';
  const data: string[] = [];
  for (const line of block.split(/\r?\n/)) {
    if (line.startsWith('event:')) kind = line.slice(6).trim();
    else if (line.startsWith('data:')) data.push(line.slice(5).replace(/^ /, ''));
  }
  if (data.length === 0) return null;
  let it: Record<string, unknown>;
  try {
    it = JSON.parse(data.join('\n')) as Record<string, unknown>;
  } catch {
    return null;
  }
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  if (kind === 'text') return { type: 'text', text: text(it.text) };
  if (kind === 'failed') return { type: 'failed', code: text(it.code), detail: text(it.detail) };
  if (kind !== 'done') return null;
  const missing = Array.isArray(it.missing) ? it.missing.filter((one): one is string => typeof one === 'string') : [];
  return { type: 'done', text: text(it.text), missing };
}
