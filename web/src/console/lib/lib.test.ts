import { describe, expect, it } from 'vitest';
import type { DeskEvent, Row } from '../api/types';
import { dollars, initials, percent, span, spanWords, tint, words } from './format';
import { action, SHORTCUTS } from './keys';
import { belongs, fold, neighbour } from './rows';
import { entries, marked, merge, position, settle, summaryLines, weighty, type Pending } from './timeline';

const at = '2026-11-20T09:00:00Z';
const said = (seq: number, from: 'customer' | 'bot' | 'agent' = 'customer', id = `m${seq}`): DeskEvent => ({ seq, at, type: 'message', id, from, text: `line ${seq}`, author: null, choices: [], citations: [], attachments: [], quoted: null, corrects: false, delivery: null });
const act = (seq: number, status: 'requested' | 'done' | 'failed'): DeskEvent => ({ seq, at, type: 'act', act: 'ticket', status, text: status, ticket: null, effect: null });
const row = (id: string, state: Row['state'], seq = 1, assignee: string | null = null): Row => ({
  id, seq, channel: 'web', state, customer: { id: `c-${id}`, name: id, email: null, tier: null, company: null, verified: false }, preview: null, intent: null, intent_name: null, urgency: 'low', sentiment: 'neutral', priority: 'normal',
  team: null, assignee: assignee === null ? null : { id: assignee, name: assignee }, waiting_since: null, due: null, tags: [], created_at: at, updated_at: at,
});

describe('the timeline', () => {
  it('is ordered and without doubles, whichever way events arrive', () => {
    const log = merge(merge([], [said(3), said(4)]), [said(1), said(3), said(2), said(4), said(5)]);
    expect(log.map((e) => e.seq)).toEqual([1, 2, 3, 4, 5]);
    expect(position(log)).toBe(5);
    expect(merge(log, [said(2)])).toBe(log);
  });

  it('shows what is on its way after the log, until its line arrives', () => {
    const pending: Pending[] = [{ id: 'mine', kind: 'message', text: 'Hi', at, status: 'accepted' }];
    expect(entries([said(1)], pending).map((e) => e.kind)).toEqual(['day', 'message', 'pending']);
    expect(entries([said(1), said(2, 'agent', 'mine')], pending).map((e) => e.kind)).toEqual(['day', 'message', 'message']);
    expect(settle(pending, [said(2, 'agent', 'mine')])).toEqual([]);
  });

  it('names a speaker once in a row', () => {
    const firsts = entries([said(1), said(2), said(3, 'bot'), said(4)], []).flatMap((e) => (e.kind === 'message' ? [e.first] : []));
    expect(firsts).toEqual([true, false, true, true]);
  });

  it('shows an act once it has an outcome, and the request only while it is open', () => {
    const shown = (log: DeskEvent[]): string[] => entries(log, []).flatMap((e) => (e.kind === 'act' ? [e.event.status] : []));
    expect(shown([act(1, 'requested')])).toEqual(['requested']);
    expect(shown([act(1, 'requested'), act(2, 'done')])).toEqual(['done']);
    expect(shown([act(1, 'requested'), act(2, 'requested'), act(3, 'failed')])).toEqual(['requested', 'failed']);
  });

  it('has a key of its own for every entry', () => {
    const keys = entries([said(1), said(2), act(3, 'requested')], [{ id: 'p', kind: 'note', text: 'x', at, status: 'sending' }]).map((e) => e.key);
    expect(new Set(keys).size).toBe(keys.length);
  });
});

describe('evidence', () => {
  it('is marked where it stands, in any case, and gives the text back', () => {
    const parts = marked('Charged TWICE (twice!)', [{ text: 'twice', weight: 2 }, { text: '(', weight: 1 }]);
    expect(parts.filter((p) => p.weight !== null).map((p) => p.text)).toEqual(['TWICE', 'twice']);
    expect(parts.map((p) => p.text).join('')).toBe('Charged TWICE (twice!)');
  });
  it('with signs of regular expressions in it is plain text', () => {
    expect(marked('a.*b', [{ text: '.*', weight: 1 }]).map((p) => p.text)).toEqual(['a', '.*', 'b']);
  });
});

describe('what an agent reads first', () => {
  it('takes a summary apart into labels and texts', () => {
    expect(summaryLines('About: Charged twice\n\nJust a line\nFound (account): found: yes')).toEqual([
      { label: 'About', text: 'Charged twice' }, { label: null, text: 'Just a line' }, { label: 'Found (account)', text: 'found: yes' },
    ]);
  });
  it('leaves out evidence that hardly weighs', () => {
    expect(weighty([{ text: 'a', weight: 0.1 }, { text: 'hacked', weight: -2 }, { text: 'login', weight: 1 }, { text: 'Login', weight: 0.9 }, { text: 'x', weight: 0 }], 5).map((e) => e.text)).toEqual(['hacked', 'login']);
    expect(weighty([], 5)).toEqual([]);
  });
});

describe('rows', () => {
  it('know their views', () => {
    expect(belongs(row('a', 'queued'), 'queue', 'me')).toBe(true);
    expect(belongs(row('a', 'human', 1, 'me'), 'mine', 'me')).toBe(true);
    expect(belongs(row('a', 'human', 1, 'ben'), 'mine', 'me')).toBe(false);
    expect(belongs(row('a', 'resolved'), 'all', 'me')).toBe(true);
  });
  it('leave a view they no longer belong to, are renewed in place, and are never set back', () => {
    const items = [row('a', 'queued', 5), row('b', 'queued', 2)];
    expect(fold(items, row('a', 'human', 6), 'queue', 'me').map((r) => r.id)).toEqual(['b']);
    expect(fold(items, row('b', 'queued', 3), 'queue', 'me').map((r) => r.seq)).toEqual([5, 3]);
    expect(fold(items, row('a', 'human', 4), 'queue', 'me')).toBe(items);
    expect(fold(items, row('new', 'queued'), 'queue', 'me')).toBe(items);
  });
  it('are walked through with stops at the ends', () => {
    const items = [row('a', 'bot'), row('b', 'bot')];
    expect(neighbour(items, null, 1)?.id).toBe('a');
    expect(neighbour(items, 'a', 1)?.id).toBe('b');
    expect(neighbour(items, 'b', 1)?.id).toBe('b');
    expect(neighbour([], 'b', 1)).toBeUndefined();
  });
});

describe('keys', () => {
  const press = (key: string, more = {}): Parameters<typeof action>[0] => ({ key, ctrlKey: false, metaKey: false, altKey: false, isComposing: false, ...more });
  it('act, unless somebody is typing or holds a modifier', () => {
    expect(action(press('t'), false, false)).toBe('takeover');
    expect(action(press('t'), true, false)).toBe(null);
    expect(action(press('t', { ctrlKey: true }), false, false)).toBe(null);
    expect(action(press('Escape'), true, false)).toBe('leave');
    expect(action(press('Enter'), false, true)).toBe(null);
    expect(action(press('j', { isComposing: true }), false, false)).toBe(null);
  });
  it('mean one thing each', () => {
    expect(new Set(SHORTCUTS.map((s) => s.keys)).size).toBe(SHORTCUTS.length);
  });
});

describe('words and numbers', () => {
  it('say how long in a narrow column', () => {
    expect([30e3, 4 * 60e3, 130 * 60e3, 7 * 3600e3, 3 * 86400e3, NaN].map(span)).toEqual(['now', '4m', '2h 10m', '7h', '3d', 'now']);
    expect([30e3, 60e3, 7200e3].map(spanWords)).toEqual(['less than a minute', '1 minute', '2 hours']);
  });
  it('do not make a cheap decision look free', () => {
    expect([0, 0.00012, 0.25].map(dollars)).toEqual(['$0', '$0.0001', '$0.25']);
  });
  it('survive any name', () => {
    expect(['Priya Raman', 'Cher', '', null, '<script>', '李 小龙', '  ', '🙂'].map(initials)).toEqual(['PR', 'C', '?', '?', 'S', '李小', '?', '?']);
    expect(tint('abc')).toBe(tint('abc'));
    expect(words('duplicate_charge')).toBe('Duplicate charge');
    expect([1.2, -1, 0.456, 0.999, 0.29].map(percent)).toEqual(['100%', '0%', '45%', '99%', '29%']);
  });
});
