import { expect, it } from 'vitest';
import { Memory } from './memory';
import type { Outgoing } from './sync';

class FakeStorage {
  [key: string]: unknown;
  getItem(key: string): string | null { return Object.hasOwn(this, key) ? String(this[key]) : null; }
  setItem(key: string, value: string): void { this[key] = value; }
  removeItem(key: string): void { delete this[key]; }
}
const open = (store: FakeStorage): Memory => new Memory(() => store as unknown as Storage);
const out = (id: string, at: string): Outgoing => ({ id, text: id, at, status: 'waiting' });

it('remembers across page loads, unsent messages in the order written', () => {
  const store = new FakeStorage();
  const before = open(store);
  before.set('draft', 'half a sen');
  before.keep(out('b', '2026-01-02'));
  before.keep(out('a', '2026-01-01'));
  const after = open(store);
  expect(after.get('draft')).toBe('half a sen');
  expect(after.outbox().map((o) => o.id)).toEqual(['a', 'b']);
});

it('lets two tabs keep and drop messages without losing the other’s', () => {
  const store = new FakeStorage();
  const [one, two] = [open(store), open(store)];
  one.keep(out('one', '1'));
  two.keep(out('two', '2'));
  one.drop('one');
  expect(open(store).outbox().map((o) => o.id)).toEqual(['two']);
});

it('leaves other keys of the origin alone when it forgets', () => {
  const store = new FakeStorage();
  store.setItem('theirs', 'x');
  const memory = open(store);
  memory.set('token', 't');
  memory.clear();
  expect(Object.keys(store)).toEqual(['theirs']);
});

it('survives rubbish in the storage', () => {
  const store = new FakeStorage();
  store.setItem('deskhand:out:1', '{"id":');
  store.setItem('deskhand:out:2', '{"id":7}');
  expect(open(store).outbox()).toEqual([]);
});

it('works, for the length of the page, where storage is forbidden or full', () => {
  const forbidden = new Memory(() => { throw new DOMException('denied', 'SecurityError'); });
  forbidden.set('draft', 'x');
  forbidden.keep(out('a', '1'));
  expect([forbidden.get('draft'), forbidden.outbox().length]).toEqual(['x', 1]);

  const full = new FakeStorage();
  full.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };
  const memory = open(full);
  memory.keep(out('a', '1'));
  expect(memory.outbox()).toHaveLength(1);
});
