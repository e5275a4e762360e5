import { describe, expect, it } from 'vitest';
import * as sync from './sync';
import type { Outgoing, Talk, WireEvent } from './sync';

const at = '2026-11-20T09:00:00Z';
const say = (seq: number, from: sync.Sender, text = `line ${seq}`, more: Partial<sync.MessageEvent> = {}): WireEvent => ({ type: 'message', seq, at, from, id: `m${seq}`, text, ...more });
const out = (id: string, text = id): Outgoing => ({ id, text, at, status: 'waiting' });
const feed = (events: WireEvent[], from: Talk = sync.emptyTalk()): Talk => events.reduce(sync.apply, from);
const texts = (talk: Talk): string[] => [...talk.lines.map((l) => l.text), ...talk.outbox.map((o) => `(${o.text})`)];

/** A small generator with a fixed seed, so that a failure can be repeated. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

describe('events', () => {
  it('are kept in order and once, however often they come', () => {
    const talk = feed([say(1, 'customer'), say(2, 'bot'), say(2, 'bot'), say(1, 'customer'), say(5, 'bot'), say(2, 'bot')]);
    expect(talk.lines.map((l) => l.seq)).toEqual([1, 2, 5]);
    expect(talk.seq).toBe(5);
  });

  it('of any replay of the same log, cut anywhere, give the same conversation', () => {
    const log = Array.from({ length: 40 }, (_, i) => (i % 7 === 6 ? ({ type: 'state', seq: i + 1, at, state: i % 2 ? 'queued' : 'bot' } as const) : say(i + 1, i % 3 ? 'bot' : 'customer')));
    const whole = feed(log);
    for (let seed = 1; seed <= 200; seed += 1) {
      const roll = dice(seed);
      let talk = sync.emptyTalk();
      while (talk.seq < 40) {
        // A connection starts somewhere at or before what is known, as a server that repeats itself would, and breaks somewhere.
        const from = roll(talk.seq + 1);
        talk = feed(log.slice(from, from + 1 + roll(40)), talk);
      }
      expect(talk.lines).toEqual(whole.lines);
      expect(talk.phase).toBe(whole.phase);
    }
  });

  it('of an unknown kind change nothing', () => {
    const talk = feed([say(1, 'bot')]);
    expect(sync.apply(talk, { type: 'confetti', seq: 2 } as never)).toBe(talk);
  });

  it('name the human who speaks, and forget them when the bot is back', () => {
    let talk = feed([{ type: 'state', seq: 1, at, state: 'human' }, say(2, 'agent', 'Hello', { author: { name: 'Maria' } })]);
    expect([talk.phase, talk.agent]).toEqual(['human', 'Maria']);
    talk = feed([{ type: 'state', seq: 3, at, state: 'bot' }], talk);
    expect([talk.phase, talk.agent]).toEqual(['bot', null]);
  });

  it('carry the place in the queue and drop it when the wait is over', () => {
    let talk = feed([{ type: 'state', seq: 1, at, state: 'queued', position: 3, expected_wait_s: 240 }]);
    expect([talk.position, talk.expectedWaitS]).toEqual([3, 240]);
    talk = feed([{ type: 'state', seq: 2, at, state: 'human' }], talk);
    expect([talk.position, talk.expectedWaitS]).toEqual([null, null]);
  });

  it('end typing when the typist has spoken', () => {
    let talk = feed([say(1, 'customer'), { type: 'typing', from: 'bot' }]);
    expect(talk.typing).toBe('bot');
    talk = feed([say(2, 'bot')], talk);
    expect(talk.typing).toBe(null);
  });
});

describe('a new conversation', () => {
  it('begins its seq anew, keeps what was said above, and takes the unsent along', () => {
    let talk = feed([say(1, 'customer'), say(9, 'bot')], sync.adopt(sync.emptyTalk(), 'first'));
    talk = sync.enqueue(talk, out('x'));
    talk = sync.acknowledged(talk, 'x', 1);
    talk = feed([{ type: 'conversation', id: 'second' }, say(1, 'customer', 'x', { id: 'x' }), say(2, 'bot')], talk);
    expect(talk.conversation).toBe('second');
    expect(texts(talk)).toEqual(['line 1', 'line 9', 'x', 'line 2']);
    expect(talk.outbox).toEqual([]);
  });

  it('is not one when the same id is announced again', () => {
    const talk = feed([say(4, 'bot')], sync.adopt(sync.emptyTalk(), 'first'));
    expect(sync.apply(talk, { type: 'conversation', id: 'first' })).toBe(talk);
  });

  it('may be named only after its first events came', () => {
    const talk = feed([{ type: 'conversation', id: 'first' }, say(1, 'customer')]);
    expect(talk.lines).toHaveLength(1);
  });
});

describe('the outbox', () => {
  it('shows a message once, whether its acknowledgement or its line comes first', () => {
    const start = sync.enqueue(sync.emptyTalk(), out('a', 'hello'));
    const line = say(1, 'customer', 'hello', { id: 'a' });
    const ackFirst = sync.apply(sync.acknowledged(start, 'a', 1), line);
    const lineFirst = sync.acknowledged(sync.apply(start, line), 'a', 1);
    expect(texts(ackFirst)).toEqual(['hello']);
    expect(texts(lineFirst)).toEqual(['hello']);
  });

  it('keeps an accepted message in sight until its line is there', () => {
    const talk = sync.acknowledged(sync.enqueue(sync.emptyTalk(), out('a')), 'a', 7);
    expect(talk.outbox[0]?.status).toBe('accepted');
    expect(sync.nextToSend(talk)).toBeUndefined();
  });

  it('takes no id twice, nor one already in the conversation', () => {
    let talk = sync.enqueue(sync.enqueue(sync.emptyTalk(), out('a')), out('a'));
    expect(talk.outbox).toHaveLength(1);
    talk = sync.apply(sync.emptyTalk(), say(1, 'customer', 'a', { id: 'a' }));
    expect(sync.enqueue(talk, out('a')).outbox).toHaveLength(0);
  });

  it('sends in the order written, and a refused message does not hold up the rest', () => {
    let talk = [out('a'), out('b'), out('c')].reduce(sync.enqueue, sync.emptyTalk());
    expect(sync.nextToSend(talk)?.id).toBe('a');
    talk = sync.refused(talk, 'a', 'Too long.');
    expect(sync.nextToSend(talk)?.id).toBe('b');
    expect(talk.outbox[0]).toMatchObject({ status: 'failed', problem: 'Too long.' });
    talk = sync.retried(talk, 'a');
    expect(sync.nextToSend(talk)?.id).toBe('a');
    expect(sync.discarded(talk, 'a').outbox.map((o) => o.id)).toEqual(['b', 'c']);
  });

  it('loses and doubles nothing when acknowledgements and lines come in any order', () => {
    for (let seed = 1; seed <= 100; seed += 1) {
      const roll = dice(seed);
      const ids = Array.from({ length: 8 }, (_, i) => `id${i}`);
      let talk = ids.map((id) => out(id)).reduce(sync.enqueue, sync.emptyTalk());
      const log = ids.map((id, i) => say(i * 2 + 1, 'customer', id, { id }));
      let known = 0;
      for (let step = 0; step < 60; step += 1) {
        const i = roll(ids.length);
        if (roll(2) === 0) talk = sync.acknowledged(talk, ids[i]!, i * 2 + 1);
        else known = Math.max(known, Math.min(log.length, known + roll(3)));
        talk = feed(log.slice(roll(known + 1), known), feed(log.slice(0, known), talk));
        expect(new Set(texts(talk).map((t) => t.replace(/[()]/g, ''))).size).toBe(texts(talk).length);
        expect(texts(talk)).toHaveLength(ids.length);
      }
      expect(feed(log, talk).outbox).toEqual([]);
    }
  });
});

describe('choices', () => {
  const choices = [{ id: 'up', label: 'Upgrade' }, { id: 'down', label: 'Downgrade' }];

  it('are open under the newest question only, until it is answered', () => {
    let talk = feed([say(1, 'bot', 'Old?', { choices }), say(2, 'bot', 'New?', { choices })]);
    expect(sync.openChoices(talk)).toBe('m2');
    talk = feed([say(3, 'customer', 'Upgrade')], talk);
    expect(sync.openChoices(talk)).toBe(null);
    expect(sync.chosen(talk, talk.lines[1]!)).toBe('up');
  });

  it('close at once when one is pressed, and open again when it could not be sent', () => {
    let talk = sync.enqueue(feed([say(1, 'bot', 'Which?', { choices })]), { ...out('c', 'Downgrade'), choice: 'down' });
    expect(sync.openChoices(talk)).toBe(null);
    expect(sync.chosen(talk, talk.lines[0]!)).toBe('down');
    talk = sync.refused(talk, 'c', 'No.');
    expect(sync.openChoices(talk)).toBe('m1');
  });

  it('stay open when the bot adds a line after the question', () => {
    expect(sync.openChoices(feed([say(1, 'bot', 'Which?', { choices }), say(2, 'bot', 'Take your time.')]))).toBe('m1');
  });
});

describe('unread', () => {
  it('counts what others said after the last line seen', () => {
    const talk = feed([say(1, 'customer'), say(2, 'bot'), say(3, 'agent'), say(4, 'customer')]);
    expect(sync.unread(talk, 0)).toBe(2);
    expect(sync.unread(talk, 2)).toBe(1);
    expect(sync.unread(talk, 4)).toBe(0);
  });
});

describe('a rating', () => {
  it('is asked for until the customer writes again', () => {
    let talk = feed([say(1, 'agent'), { type: 'state', seq: 2, at, state: 'resolved' }, { type: 'rating_request', seq: 3, at }]);
    expect(talk.ratingAsked).toBe(3);
    talk = feed([say(4, 'customer')], talk);
    expect(talk.ratingAsked).toBe(0);
  });
});
