import type { Activity, Firing, Level, Rule, Trigger } from '../api/types';
import { words } from './format';

const LEVELS: Record<string, string> = { observe: 'Observes', suggest: 'Suggests', approve: 'Asks first', auto: 'By itself' };

/** How much the bot may do by itself, in two words. */
export function level(id: string): string {
  return LEVELS[id] ?? words(id);
}

export const KINDS: Record<Trigger['kind'], string> = { hook: 'Hook', schedule: 'Schedule', form: 'Form', ticket: 'Ticket', file: 'File', manual: 'By hand', poll: 'Database' };

/** How a rule stands: dead where it never spoke, quiet where it did not in the last 30 days. */
export function liveliness(rule: Pick<Rule, 'hits' | 'lately'>): 'dead' | 'quiet' | 'alive' {
  return rule.hits === 0 ? 'dead' : rule.lately === 0 ? 'quiet' : 'alive';
}

/** How much of an error budget is used, 0 to 1 and beyond; nothing while too few answers were given to conclude from. */
export function burnt(budget: NonNullable<Level['budget']>): number | null {
  if (budget.answers < Math.max(1, budget.of_at_least)) return null;
  return budget.allowed === 0 ? (budget.failures > 0 ? 1 : 0) : budget.failures / budget.answers / budget.allowed;
}

/** How a firing ended, for a look at it. */
export function ended(firing: Pick<Firing, 'outcome' | 'tries'>): 'under way' | 'tried again' | 'failed' | 'done' {
  if (firing.outcome === null) return firing.tries > 0 ? 'tried again' : 'under way';
  return /^(Given up after|A template failed)/.test(firing.outcome) ? 'failed' : 'done';
}

type Deed = Activity['deeds'][number];

/** The reasons that kept the bot from more, before those that merely say what it understood. */
export function reasons(deed: Deed): string[] {
  if (deed.event.type !== 'decision') return [];
  const all = deed.event.decision.reasons;
  const keeps = all.filter((it) => /^(automation-|risk-capped|switched-off|reply-refused|identity-not-verified|injection-)/.test(it.code));
  return (deed.turned_down && keeps.length > 0 ? keeps : all).map((it) => it.text);
}
