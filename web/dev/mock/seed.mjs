// A desk in the middle of its day, so that no list is empty.
import { answer } from './bot.mjs';
import { AGENTS } from './desk.mjs';

const people = [
  [{ name: 'Priya Raman', email: 'priya@northwind.example', company: 'Northwind Studio', tier: 'enterprise', verified: true, plan: 'Scale', since: '2023-04-11' }, 'Hi, I can’t access my account. I have a client demo in 30 minutes and I need this fixed urgently.', 4],
  [{ name: 'Tom Becker', email: 'tom@beckerbau.example', company: 'Becker Bau', tier: 'standard', verified: true, plan: 'Team', since: '2024-09-02' }, 'I was charged twice and nobody answered my previous email.', 11],
  [{ name: 'Lucía Fernández', email: 'lucia@estudio.example', company: 'Estudio Lumbre', tier: 'standard', verified: false, plan: 'Team', since: '2025-01-20' }, 'Can I talk to a person about our contract please?', 26],
  [{ name: 'Sam Whitfield', email: null, company: null, tier: null, verified: false }, 'My otter has swallowed the projector remote, what now?', 2],
  [{ name: 'Aiko Tanaka', email: 'aiko@mori.example', company: 'Mori Works', tier: 'standard', verified: true, plan: 'Solo', since: '2025-06-30' }, 'How do I export all our projects as CSV?', 38],
  [{ name: 'Daniel Osei', email: 'daniel@kumasi.example', company: 'Kumasi Legal', tier: 'standard', verified: true, plan: 'Team', since: '2022-11-05' }, 'We want to cancel our subscription', 51],
];

export async function seed(desk) {
  const back = (iso, minutes) => new Date(Date.parse(iso) - minutes * 60_000).toISOString();
  for (const [customer, text, minutes] of people) {
    const talk = desk.open(desk.newVisitor(customer), 'en', 'https://harbor.example/pricing');
    const message = desk.say(talk, 'customer', text);
    await answer(desk, talk, message, 4);
    for (const event of talk.events) {
      event.at = back(event.at, minutes);
      if (event.decision) event.decision.at = event.at;
    }
    for (const key of ['created_at', 'updated_at', 'waiting_since', 'due']) if (talk[key]) talk[key] = back(talk[key], minutes);
  }
  const daniel = [...desk.conversations.values()].at(-1);
  const ben = { id: AGENTS[1].id, name: AGENTS[1].name };
  desk.move(daniel, 'human', ben, `${ben.name} took over`, { assignee: ben });
  desk.say(daniel, 'agent', 'Hi Daniel, before I do that: the reports you missed shipped last week. Shall I show you?', { author: ben });
}
