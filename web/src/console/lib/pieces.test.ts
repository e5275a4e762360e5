import { describe, expect, it } from 'vitest';
import { pieces, type Piece } from './pieces';

/** The same bytes, cut after every `size` of them. */
function cut(text: string, size: number): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  return new ReadableStream({
    start(controller) {
      for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size));
      controller.close();
    },
  });
}

async function all(text: string, size: number): Promise<Piece[]> {
  const found: Piece[] = [];
  for await (const piece of pieces(cut(text, size))) found.push(piece);
  return found;
}

describe('a draft on its way', () => {
  const sent = [
    ': here we go',
    'event: text\ndata: {"text":"Größe "}',
    'event: text\r\ndata: {"text":"40 €\\n\\nok"}',
    'event: done\ndata: {"text":"Größe 40 €","missing":["the price",7]}',
  ].map((block) => `${block}\n\n`).join('');

  it('is the same however the network cuts it', async () => {
    const whole: Piece[] = [
      { type: 'text', text: 'Größe ' },
      { type: 'text', text: '40 €\n\nok' },
      { type: 'done', text: 'Größe 40 €', missing: ['the price'] },
    ];
    for (const size of [1, 2, 3, 7, 1000]) expect(await all(sent, size)).toEqual(whole);
  });

  it('passes over what it does not know, and what is no JSON', async () => {
    expect(await all('event: later\ndata: {"x":1}\n\nevent: text\ndata: {oops\n\ndata: {}\n\n', 5)).toEqual([]);
  });

  it('gives nothing for an event that was cut off', async () => {
    expect(await all('event: done\ndata: {"text":"half', 4)).toEqual([]);
  });

  it('says why it failed', async () => {
    const failed = await all('event: failed\ndata: {"code":"model-timed-out","detail":"Too slow."}\n\n', 9);
    expect(failed).toEqual([{ type: 'failed', code: 'model-timed-out', detail: 'Too slow.' }]);
  });
});
