// The mock's memory: conversations as append-only logs, and who listens to them.
import { randomUUID } from 'node:crypto';

export const AGENTS = [
  { id: 'u-maria', email: 'maria@harbor.example', password: 'harbor-maria-1', name: 'Maria Lindqvist', role: 'agent' },
  { id: 'u-ben', email: 'ben@harbor.example', password: 'harbor-ben-1', name: 'Ben Okafor', role: 'agent' },
];
export const TEAMS = [
  { id: 'billing', name: 'Billing', open: true },
  { id: 'identity', name: 'Identity & access', open: true },
  { id: 'support', name: 'Support', open: true },
  { id: 'enterprise', name: 'Enterprise', open: false },
];
export const INTENTS = [
  { id: 'duplicate_charge', name: 'Charged twice', team: 'billing', risk: 'high', automation: 'auto', threshold: 0.7, examples: 22 },
  { id: 'account_access', name: 'Account access', team: 'identity', risk: 'medium', automation: 'auto', threshold: 0.65, examples: 31 },
  { id: 'export_data', name: 'Export data', team: 'support', risk: 'low', automation: 'auto', threshold: 0.6, examples: 18 },
  { id: 'cancel_subscription', name: 'Cancel subscription', team: 'billing', risk: 'medium', automation: 'auto', threshold: 0.6, examples: 19 },
  { id: 'talk_to_human', name: 'Talk to a person', team: 'support', risk: 'low', automation: 'auto', threshold: 0.5, examples: 24 },
  { id: 'greeting', name: 'Greeting', team: 'support', risk: 'low', automation: 'auto', threshold: 0.5, examples: 15 },
];
const team = (id) => {
  const found = TEAMS.find((t) => t.id === id);
  return found ? { id: found.id, name: found.name } : null;
};

export class Desk {
  conversations = new Map();
  tickets = [];
  /** token → { visitor, customer, conversation } */
  visitors = new Map();
  uploads = new Map();
  chatListeners = new Set();
  deskListeners = new Set();

  now() {
    return new Date().toISOString();
  }

  visitor(token) {
    return this.visitors.get(token);
  }

  newVisitor(customer = {}) {
    const token = randomUUID() + randomUUID();
    const visitor = { token, id: randomUUID(), conversation: null, customer: { name: 'Visitor', email: null, tier: null, company: null, verified: false, ...customer } };
    this.visitors.set(token, visitor);
    return visitor;
  }

  open(visitor, language = 'en', page = null) {
    const at = this.now();
    const talk = {
      id: randomUUID(), visitor, channel: 'web', state: 'bot', events: [], intent: null, urgency: 'low', sentiment: 'neutral', priority: 'normal',
      team: null, assignee: null, waiting_since: null, due: null, tags: [], summary: null, reasons: [], rating: null, slots: {},
      language, page, created_at: at, updated_at: at,
    };
    this.conversations.set(talk.id, talk);
    visitor.conversation = talk;
    return talk;
  }

  /** The one write: appends to the log, then tells both sides. */
  append(talk, event, change = {}) {
    const full = { seq: (talk.events.at(-1)?.seq ?? 0) + 1, at: this.now(), ...event };
    talk.events.push(full);
    Object.assign(talk, change, { updated_at: full.at });
    for (const listener of this.chatListeners) listener(talk, full);
    this.emit('conversation', this.row(talk));
    return full;
  }

  say(talk, from, text, extra = {}) {
    return this.append(talk, { type: 'message', id: randomUUID(), from, text, author: null, choices: null, citations: null, attachments: null, delivery: from === 'customer' ? null : 'sent', ...extra });
  }

  move(talk, state, by, text, change = {}, extra = {}) {
    return this.append(talk, { type: 'state', state, by, text, ...extra }, { state, ...change });
  }

  emit(name, data) {
    for (const listener of this.deskListeners) listener(name, data);
  }

  typing(talk, from) {
    for (const listener of this.chatListeners) listener(talk, { type: 'typing', from });
    this.emit('typing', { conversation: talk.id, from });
  }

  /** What the visitor may see of the log. */
  visible(talk, after) {
    return talk.events.filter((e) => e.seq > after).map(forVisitor).filter(Boolean);
  }

  row(talk) {
    // While a customer waits, their own words say more than the bot's goodbye.
    const last = talk.events.findLast((e) => e.type === 'message' && (talk.state !== 'queued' || e.from === 'customer'));
    const { id, customer } = talk.visitor;
    const waiting = talk.state === 'queued' ? talk.waiting_since : null;
    return {
      id: talk.id, seq: talk.events.at(-1)?.seq ?? 0, channel: talk.channel, state: talk.state, customer: { id, ...customer },
      preview: { from: last?.from ?? 'customer', text: last?.text ?? '', at: last?.at ?? talk.created_at },
      intent: talk.intent, intent_name: INTENTS.find((i) => i.id === talk.intent)?.name ?? null, urgency: talk.urgency, sentiment: talk.sentiment,
      priority: talk.priority, team: team(talk.team), assignee: talk.assignee, waiting_since: waiting, due: talk.due, tags: talk.tags,
      created_at: talk.created_at, updated_at: talk.updated_at,
    };
  }

  detail(talk) {
    const row = this.row(talk);
    const tickets = this.tickets.filter((t) => t.conversation === talk.id).map(({ number, title, status, priority }) => ({ number, title, status, priority }));
    return { ...row, summary: talk.summary, reasons: talk.reasons, tickets, language: talk.language, page: talk.page, rating: talk.rating };
  }

  list(view, q, user) {
    const all = [...this.conversations.values()].filter((t) => t.events.length > 0);
    const views = {
      queue: (t) => t.state === 'queued', mine: (t) => t.assignee?.id === user.id && t.state === 'human', human: (t) => t.state === 'human',
      bot: (t) => t.state === 'bot', resolved: (t) => t.state === 'resolved', all: () => true,
    };
    const counts = Object.fromEntries(['queue', 'mine', 'human', 'bot', 'resolved'].map((v) => [v, all.filter(views[v]).length]));
    const needle = (q ?? '').toLowerCase();
    const matches = (t) => needle === '' || JSON.stringify([t.visitor.customer, t.events.filter((e) => e.text).map((e) => e.text)]).toLowerCase().includes(needle);
    const weight = { urgent: 3, high: 2, normal: 1, low: 0 };
    const items = all.filter(views[view] ?? views.all).filter(matches).map((t) => this.row(t));
    if (view === 'queue') items.sort((a, b) => weight[b.priority] - weight[a.priority] || (a.waiting_since < b.waiting_since ? -1 : 1));
    else items.sort((a, b) => (a.updated_at > b.updated_at ? -1 : 1));
    return { items, next: null, counts };
  }

  ticket(talk, title, priority, teamId) {
    const number = `HB-${1042 + this.tickets.length}`;
    const at = this.now();
    const { id, customer } = talk.visitor;
    this.tickets.unshift({ number, title, status: 'open', priority, team: team(teamId), conversation: talk.id, customer: { id, name: customer.name, email: customer.email }, assignee: null, outside: null, mirror: { state: 'here', cause: null, until: null, letter: null }, created_at: at, updated_at: at });
    return number;
  }

  handOff(talk, teamId, priority, summary, reasons) {
    const waiting = [...this.conversations.values()].filter((t) => t.state === 'queued').length;
    this.move(talk, 'queued', null, `Handed to ${team(teamId)?.name ?? 'a person'}`,
      { team: teamId, priority, summary, reasons, waiting_since: this.now(), due: new Date(Date.now() + 300_000).toISOString(), assignee: null },
      { position: waiting + 1, expected_wait_s: 180 });
    this.emit('notification', { id: randomUUID(), text: summary, team: teamId, conversation: talk.id, at: this.now() });
  }
}

function forVisitor(event) {
  const { seq, at } = event;
  if (event.type === 'message') {
    const { id, from, text, author, choices, citations, attachments } = event;
    return { seq, at, type: 'message', id, from, text, author: author ? { name: author.name } : null, choices, citations, attachments };
  }
  if (event.type === 'state') return { seq, at, type: 'state', state: event.state, position: event.position ?? null, expected_wait_s: event.expected_wait_s ?? null };
  if (event.type === 'rating_request') return { seq, at, type: 'rating_request' };
  return null;
}
export { forVisitor };
