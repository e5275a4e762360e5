import { describe, expect, it } from 'vitest';
import { backoff, MAX_DELAY_MS, retryAfter } from './backoff';
import { fileSize, utf8Length } from './bytes';
import { blocks, links, safeHref, spans } from './richtext';

describe('backoff', () => {
  it('grows, never exceeds the limit and never retries at once', () => {
    for (let attempt = 0; attempt < 40; attempt += 1) {
      for (const random of [0, 0.5, 0.999]) {
        const wait = backoff(attempt, random);
        expect(wait).toBeGreaterThanOrEqual(250);
        expect(wait).toBeLessThanOrEqual(MAX_DELAY_MS);
        expect(wait).toBeLessThanOrEqual(backoff(attempt + 1, random));
      }
    }
    expect(backoff(3, 0)).toBe(2000);
    expect(backoff(3, 1)).toBe(4000);
  });

  it('spreads visitors out and honours the server’s wish', () => {
    expect(backoff(4, 0.1)).not.toBe(backoff(4, 0.9));
    expect(backoff(0, 0, 60_000)).toBe(60_000);
  });

  it('reads Retry-After as seconds or a date, and distrusts nonsense', () => {
    const now = Date.parse('2026-11-20T09:00:00Z');
    expect(retryAfter('7', now)).toBe(7000);
    expect(retryAfter('Fri, 20 Nov 2026 09:00:30 GMT', now)).toBe(30_000);
    expect(retryAfter('999999999', now)).toBe(3_600_000);
    for (const bad of [null, '', 'soon', '-5', 'NaN']) expect(retryAfter(bad, now)).toBe(0);
  });
});

describe('links', () => {
  const found = (text: string): string[] => links(text).flatMap((s) => (s.kind === 'link' ? [s.href] : []));

  it('are found without the punctuation around them', () => {
    expect(found('See https://a.example/x?y=1&z=2#q.')).toEqual(['https://a.example/x?y=1&z=2#q']);
    expect(found('(https://en.wikipedia.example/wiki/Harbor_(town))')).toEqual(['https://en.wikipedia.example/wiki/Harbor_(town)']);
    expect(found('[guide](https://a.example/g), then')).toEqual(['https://a.example/g']);
    expect(found('write to ann.lee+x@mail.example!')).toEqual(['mailto:ann.lee+x@mail.example']);
    expect(found('https://a.example/a, https://b.example/b; done')).toEqual(['https://a.example/a', 'https://b.example/b']);
  });

  it('are only ever http, https and mailto', () => {
    for (const bad of [
      'javascript:alert(1)', 'JaVaScRiPt:alert(1)', ' java\nscript:alert(1)', 'data:text/html,<script>alert(1)</script>', 'vbscript:x', 'file:///etc/passwd',
      'blob:https://a.example/1', 'view-source:https://a.example', 'ftp://a.example', '//a.example', '/console', 'https://', 'http:///', 'about:blank', 'intent://x',
    ]) {
      expect(safeHref(bad)?.replace(/^https?:\/\/\/?/, ''), bad).toBeUndefined();
    }
  });

  it('never hide the host they open', () => {
    expect(found('https://bank.example@evil.example/login')).toEqual([]);
    expect(found('https://a.example/\u202egpj.exe')).toEqual(['https://a.example/']);
  });

  it('show the very text that was written', () => {
    const text = 'a https://x.example/ü b mailto:q@x.example c';
    expect(links(text).map((s) => s.text).join('')).toBe(text);
  });

  it('stay quick and bounded on hostile text', () => {
    expect(links('https://a.example '.repeat(3000)).filter((s) => s.kind === 'link')).toHaveLength(64);
    for (const text of ['a@'.repeat(20_000), '('.repeat(50_000), 'https://'.repeat(9_000), `${'a.'.repeat(20_000)}@b`, '```\n'.repeat(12_000), '`'.repeat(50_000)]) {
      expect(blocks(text.slice(0, 16_384)).length).toBeGreaterThanOrEqual(0);
    }
  });
});

describe('rich text', () => {
  it('makes paragraphs and code, and leaves markup as text', () => {
    expect(blocks('One\nstill one\n\nTwo <b>bold</b>\n\n```js\nlet a = "<i>";\n```\nEnd')).toEqual([
      { kind: 'paragraph', spans: [{ kind: 'text', text: 'One\nstill one' }] },
      { kind: 'paragraph', spans: [{ kind: 'text', text: 'Two <b>bold</b>' }] },
      { kind: 'code', text: 'let a = "<i>";' },
      { kind: 'paragraph', spans: [{ kind: 'text', text: 'End' }] },
    ]);
  });

  it('finds inline code, and no links inside it', () => {
    expect(spans('run `curl https://a.example` now')).toEqual([
      { kind: 'text', text: 'run ' }, { kind: 'code', text: 'curl https://a.example' }, { kind: 'text', text: ' now' },
    ]);
  });

  it('loses no words of an unclosed fence or backtick', () => {
    expect(blocks('```\nnever closed')).toEqual([{ kind: 'paragraph', spans: [{ kind: 'text', text: '```\nnever closed' }] }]);
    expect(spans('a ` b')).toEqual([{ kind: 'text', text: 'a ` b' }]);
  });

  it('knows bold and headings, and nothing else of Markdown', () => {
    expect(spans('## Export\nChoose **Export**, not *that* or ** this **')).toEqual([
      { kind: 'strong', text: 'Export' }, { kind: 'text', text: '\nChoose ' }, { kind: 'strong', text: 'Export' }, { kind: 'text', text: ', not *that* or ** this **' },
    ]);
  });

  it('makes nothing of nothing', () => {
    expect(blocks('')).toEqual([]);
    expect(blocks(' \n\n ')).toEqual([]);
  });
});

describe('bytes', () => {
  it('are counted as UTF-8', () => {
    expect(utf8Length('aé€😀')).toBe(10);
  });
  it('are shown for people', () => {
    expect(fileSize(640, 'en')).toBe('640 byte');
    expect(fileSize(12_400, 'en')).toBe('12 kB');
    expect(fileSize(3_420_000, 'en')).toBe('3.4 MB');
  });
});
