import { describe, expect, it } from 'vitest';
import type { Activity, Decision, Level } from '../api/types';
import { burnt, ended, liveliness, reasons } from './automation';
import { fieldsOf, given } from './inputs';
import { asked, EVERYTHING, NOBODY, standing } from './tickets';

describe('rules', () => {
  it('are dead, quiet or alive', () => {
    expect(liveliness({ hits: 0, lately: 0 })).toBe('dead');
    expect(liveliness({ hits: 3, lately: 0 })).toBe('quiet');
    expect(liveliness({ hits: 3, lately: 1 })).toBe('alive');
  });
});

describe('error budgets', () => {
  const budget = (answers: number, failures: number, allowed = 0.1): NonNullable<Level['budget']> => ({ allowed, of_at_least: 20, days: 7, answers, failures, demotes_to: 'suggest' });
  it('say nothing of a few, and go beyond 1 when they are burnt', () => {
    expect(burnt(budget(19, 19))).toBeNull();
    expect(burnt(budget(100, 5))).toBeCloseTo(0.5);
    expect(burnt(budget(100, 20))).toBeCloseTo(2);
    expect(burnt(budget(100, 1, 0))).toBe(1);
    expect(burnt(budget(100, 0, 0))).toBe(0);
  });
});

describe('firings', () => {
  it('tell failures from outcomes', () => {
    expect(ended({ outcome: null, tries: 0 })).toBe('under way');
    expect(ended({ outcome: null, tries: 2 })).toBe('tried again');
    expect(ended({ outcome: 'A template failed: no such name', tries: 0 })).toBe('failed');
    expect(ended({ outcome: 'Given up after 50 tries: away', tries: 50 })).toBe('failed');
    expect(ended({ outcome: 'In 1 conversation.', tries: 0 })).toBe('done');
  });
});

describe('deeds', () => {
  const decided = (turned_down: boolean, codes: string[]): Activity['deeds'][number] =>
    ({ turned_down, event: { seq: 1, at: '2026-11-20T09:00:00Z', type: 'decision', decision: { reasons: codes.map((code) => ({ code, text: `because ${code}` })) } as unknown as Decision } }) as Activity['deeds'][number];
  it('tell what kept the bot, where something did', () => {
    expect(reasons(decided(true, ['confident', 'risk-capped']))).toEqual(['because risk-capped']);
    expect(reasons(decided(true, ['confident']))).toEqual(['because confident']);
    expect(reasons(decided(false, ['confident', 'command']))).toEqual(['because confident', 'because command']);
  });
});

describe('what a playbook takes', () => {
  const fields = fieldsOf({
    required: ['amount', 'express'],
    properties: { amount: { type: 'number', minimum: 1 }, parts: { type: ['integer', 'null'] }, express: { type: 'boolean' }, why: { enum: ['late', 7] }, order: { title: 'Order', maxLength: 9 }, lines: { type: 'array' } },
  });
  it('is asked for by its kind; lists are left to the bot', () => {
    expect(fields.map((it) => [it.name, it.kind])).toEqual([['amount', 'number'], ['parts', 'whole'], ['express', 'yes-no'], ['why', 'choice'], ['order', 'text']]);
    expect(fields[4]?.label).toBe('Order');
    expect(fieldsOf(undefined)).toEqual([]);
  });
  it('is given in the types of the schema, and only what was given', () => {
    expect(given(fields, { amount: '12.5', why: '7', order: '  ' })).toEqual({ amount: 12.5, express: false, why: 7 });
    expect(given(fields, { parts: '3', express: true, order: ' HB-1 ', why: '' })).toEqual({ parts: 3, express: true, order: 'HB-1' });
  });
});

describe('tickets', () => {
  it('are asked for by what is chosen alone', () => {
    expect(asked(EVERYTHING)).toEqual({});
    expect(asked({ ...EVERYTHING, assignee: NOBODY, q: ' refund ' })).toEqual({ assignee: '', q: 'refund' });
  });
  it('say where they stand outside', () => {
    const mirror = (state: 'here' | 'there' | 'failed') => ({ state, cause: null, until: null, letter: null });
    expect(standing(mirror('here'), undefined)).toBeNull();
    expect(standing(mirror('there'), 'Zammad')?.text).toBe('In Zammad');
    expect(standing(mirror('failed'), undefined)?.text).toBe('Not taken by the ticket system');
  });
});
