// Tickets: found by what is looked for, read with their history and conversations, changed by agents, and where they
// stand in the other system, whatever that system does.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Agent } from './support/agent.mjs';
import { axe, env, launch, tag, until } from './support/browser.mjs';
import { Customer } from './support/customer.mjs';
import { answers, eventually, goTo, run, shot, skip, took } from './support/shop-desk.mjs';

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

/** A ticket about `mark`, opened by a playbook for a customer who is there. */
async function opened(agent, mark) {
  const customer = await Customer.arrive(browser);
  await customer.open();
  await customer.say(`Good morning ${mark}`);
  await customer.answered(mark);
  await agent.open(mark);
  await run(agent, /^Follow up/, { Matter: mark });
  await customer.hears(`There is a ticket for ${mark}`, 'bot');
  return customer;
}

/** The list, narrowed to one ticket. */
async function look(agent, mark) {
  await goTo(agent, 'Tickets');
  await agent.page.getByLabel('Search tickets').fill(mark);
  const row = agent.page.locator('tbody tr');
  await until('one ticket is found', async () => (await row.count()) === 1 && (await row.innerText()).includes(mark));
  return row;
}

test('a ticket is found, read, taken, commented and solved; the other system hears of it', { skip, timeout: 120_000 }, async () => {
  const mark = tag();
  const agent = await Agent.signIn(browser, env.maria);
  const customer = await opened(agent, mark);
  const row = await look(agent, mark);
  await shot(agent.page, 'tickets');
  assert.deepEqual(await axe(agent.page), []);
  await row.getByRole('link').click();
  await agent.page.getByRole('heading', { level: 2, name: mark }).waitFor();
  const number = await agent.page.getByRole('heading', { level: 1 }).innerText();
  assert.match(number, /^T-\d+$/);
  assert.ok(agent.page.url().endsWith(`/console/tickets/${number}`), 'each ticket has an address');

  const outside = agent.page.getByRole('region', { name: 'Outside' });
  await eventually('it stands in the other system', async () => {
    await agent.page.getByRole('button', { name: 'Refresh' }).click();
    return /S-\d+/.test(await outside.innerText());
  });
  await agent.page.getByLabel('Assignee').selectOption({ label: agent.name });
  await agent.toast(`is ${agent.name}’s now`);
  await agent.page.getByLabel('Priority').selectOption('urgent');
  await agent.toast('has urgent priority now');
  const comment = `Looked at it <b>${mark}</b>`;
  await agent.page.getByLabel('Comment').fill(comment);
  await agent.page.getByRole('button', { name: 'Comment' }).click();
  const history = agent.page.getByRole('region', { name: 'History' });
  await until('the comment stands in the history as text', async () => (await history.innerText()).includes(comment));
  await agent.page.getByLabel('Status').selectOption('solved');
  await until('the history tells it all', async () => {
    const text = await history.innerText();
    return ['Opened', 'Assigned', 'urgent', 'solved', 'Stands in'].every((word) => text.toLowerCase().includes(word.toLowerCase()));
  });
  await eventually('the other system has the comment', async () => (await took()).cases.some((it) => it.notes.some((note) => note.includes(comment))));
  await shot(agent.page, 'ticket');
  assert.deepEqual(await axe(agent.page), []);
  await agent.page.reload();
  await agent.page.getByRole('heading', { level: 2, name: mark }).waitFor();
  assert.equal(await agent.page.getByLabel('Assignee').locator('option:checked').innerText(), agent.name);

  // To the conversation, and back by the browser's own way.
  await agent.page.getByRole('region', { name: 'Conversations' }).getByRole('link').click();
  await agent.sees(mark, 'customer');
  await agent.page.goBack();
  await agent.page.getByRole('heading', { level: 2, name: mark }).waitFor();
  assert.deepEqual(agent.caught, []);
  await customer.close();
  await agent.close();
});

test('filters narrow the list together, and say when nothing is left', { skip, timeout: 120_000 }, async () => {
  const mark = tag();
  const agent = await Agent.signIn(browser, env.maria);
  const customer = await opened(agent, mark);
  const row = await look(agent, mark);
  const count = async () => (await agent.page.getByText('No ticket is like that').count()) === 0 && (await row.count());
  for (const [label, fits, other] of [['Show', 'open', 'solved'], ['Priority', 'high', 'low'], ['Team', 'support', 'billing'], ['Assignee', '-', 'Mine']]) {
    const field = agent.page.getByLabel(label, { exact: true });
    await field.selectOption(other === 'Mine' ? { label: other } : other);
    await until(`${label} ${other} leaves nothing`, async () => (await agent.page.getByText('No ticket is like that').count()) === 1);
    await field.selectOption(fits);
    await until(`${label} ${fits} leaves it`, async () => (await count()) === 1);
  }
  await shot(agent.page, 'tickets-filtered');
  assert.deepEqual(await axe(agent.page), []);
  // One ticket is read, and the list is as it was.
  await row.getByRole('link').click();
  await agent.page.getByRole('link', { name: 'Back to the tickets' }).click();
  await until('the filters are still there', async () => (await agent.page.getByLabel('Search tickets').inputValue()) === mark && (await count()) === 1);
  await agent.page.getByRole('button', { name: 'Show all' }).click();
  await until('nothing is asked for any more', async () => (await agent.page.getByLabel('Show', { exact: true }).inputValue()) === '' && (await agent.page.getByLabel('Search tickets').inputValue()) === '');
  await customer.close();
  await agent.close();
});

test('the other system is away: the ticket says that it is on its way; refused, it says so and an admin has it tried again', { skip, timeout: 240_000 }, async () => {
  const agent = await Agent.signIn(browser, env.maria);
  const [late, refused] = [tag(), tag()];
  const customers = [];
  try {
    await answers({ tickets: 503 });
    customers.push(await opened(agent, late));
    let row = await look(agent, late);
    await eventually('the list says so', async () => (await row.innerText()).includes('On its way') || (await agent.page.getByLabel('Search tickets').press('Enter'), false));
    await row.getByRole('link').click();
    const outside = agent.page.getByRole('region', { name: 'Outside' });
    await until('with the cause and the next try', async () => /503|away/i.test(await outside.innerText()) && /next try/.test(await outside.innerText()));
    await shot(agent.page, 'ticket-waiting');
    assert.deepEqual(await axe(agent.page), []);

    await answers({ tickets: 422 });
    customers.push(await opened(agent, refused));
    row = await look(agent, refused);
    await eventually('the list says so', async () => (await row.innerText()).includes('Not taken') || (await agent.page.getByLabel('Search tickets').press('Enter'), false));
    await agent.page.getByLabel('Outside').selectOption('failed');
    await until('it is among those that were not taken', async () => (await row.count()) === 1);
    await shot(agent.page, 'tickets-not-taken');
    await row.getByRole('link').click();
    await until('with the cause', async () => /422/.test(await outside.innerText()));
    const number = await agent.page.getByRole('heading', { level: 1 }).innerText();
    await shot(agent.page, 'ticket-refused');
    assert.deepEqual(await axe(agent.page), []);

    // An agent is told who decides; an admin goes there.
    const other = await Agent.signIn(browser, env.ben);
    await other.page.goto(agent.page.url());
    await other.page.getByText('An admin decides whether it is tried again.').waitFor();
    await other.close();
    await answers({ tickets: 200 });
    await outside.getByRole('link', { name: 'Decide about it in Dead letters' }).click();
    const letter = agent.page.locator('tbody tr', { hasText: number });
    await letter.getByRole('button', { name: 'Try again' }).click();
    await eventually('the other system has it', async () => (await took()).cases.some((it) => it.subject?.includes(refused)));
    row = await look(agent, refused);
    await agent.page.getByLabel('Outside').selectOption('there');
    await eventually('the ticket stands there', async () => (await row.count()) === 1 || (await agent.page.getByLabel('Search tickets').press('Enter'), false));
  } finally {
    await answers({ tickets: 200 });
  }
  assert.deepEqual(agent.caught, []);
  for (const it of [...customers, agent]) await it.close();
});

for (const [name, look] of [['light', {}], ['dark', { colorScheme: 'dark' }], ['on a phone', { viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true }], ['right to left', {}]]) {
  test(`tickets, ${name}: many, long, none, slow, failed, gone; no rule of accessibility is broken`, { skip, timeout: 180_000 }, async () => {
    const agent = await Agent.signIn(browser, env.maria, look);
    const { page } = agent;
    const found = {};
    const shown = async (state) => {
      if (name === 'right to left') await page.evaluate(() => (document.documentElement.dir = 'rtl'));
      await shot(page, `tickets-${state.replaceAll(' ', '-')}-${name.replaceAll(' ', '-')}`);
      found[state] = await axe(page);
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${state}: nothing is wider than the screen`);
    };
    const at = new Date().toISOString();
    const ticket = (n) => ({
      number: `T-${1000 + n}`, title: n % 7 === 0 ? `${'Verylongwordwithoutanyspace'.repeat(6)}` : n % 5 === 0 ? '\u0637\u0644\u0628 \u0627\u0633\u062a\u0631\u062f\u0627\u062f \u0627\u0644\u0645\u0628\u0644\u063a' : `The export of project ${n} stops halfway`,
      status: ['open', 'pending', 'solved'][n % 3], priority: ['low', 'normal', 'high', 'urgent'][n % 4], team: { id: 'support', name: 'Customer Support' }, conversation: crypto.randomUUID(),
      customer: { id: 'c', name: n % 2 ? 'Ada Lovelace' : null, email: `ada.lovelace.of.a.long.name${n}@analytical-engines.example.com` }, assignee: n % 3 ? { id: 'x', name: 'Somebody Else' } : null,
      outside: n % 4 === 1 ? { system: 'zammad', number: `ZD-${n}`, url: 'https://tickets.example/1' } : null,
      mirror: { state: ['here', 'there', 'waiting', 'failed'][n % 4], cause: n % 4 > 1 ? 'HTTP 503: the other side is being looked after' : null, until: n % 4 === 2 ? at : null, letter: null }, created_at: at, updated_at: at,
    });
    const many = Array.from({ length: 50 }, (_, n) => ticket(n + 1));
    const path = /\/api\/v1\/tickets(\?|$)/;
    await page.route(path, (route) => {
      const more = route.request().url().includes('cursor=');
      return route.fulfill({ json: more ? { items: Array.from({ length: 50 }, (_, n) => ticket(n + 51)), next: null } : { items: many, next: 'more' } });
    });
    await page.goto(`${env.url}/console/tickets`);
    await page.locator('tbody tr').first().waitFor();
    await shown('many');
    await page.getByRole('button', { name: 'Show more' }).click();
    await until('the next page stands below', async () => (await page.locator('tbody tr').count()) === 100);
    await page.unroute(path);

    const history = Array.from({ length: 60 }, (_, n) => ({ at, who: n % 2 ? 'Ada' : 'Deskhand', what: n === 5 ? 'a'.repeat(600) : `Line ${n}\nand another` }));
    const one = { ...ticket(2), body: `${'It stops. '.repeat(80)}\n\n${'x'.repeat(300)}`, history, conversations: Array.from({ length: 12 }, (_, n) => ({ id: crypto.randomUUID(), name: `Customer ${n}`, state: 'queued' })) };
    await page.route('**/api/v1/tickets/T-1002', (route) => route.fulfill({ json: one }));
    await page.goto(`${env.url}/console/tickets/T-1002`);
    await page.getByRole('region', { name: 'History' }).waitFor();
    await shown('one');
    await page.goto(`${env.url}/console/tickets/T-999999`);
    await page.getByText('This ticket is not here').waitFor();
    await shown('gone');
    await page.route(path, (route) => route.fulfill({ json: { items: [], next: null } }));
    await page.goto(`${env.url}/console/tickets`);
    await page.getByText('No tickets yet').waitFor();
    await shown('none');
    await page.unroute(path);
    let go = () => {};
    const slow = new Promise((resolve) => { go = resolve; });
    await page.route(path, async (route) => { await slow; await route.abort(); });
    await page.reload();
    await page.locator('.skeleton').first().waitFor();
    await shown('slow');
    go();
    await page.getByText('could not be loaded').waitFor();
    await shown('failed');
    assert.deepEqual(found, Object.fromEntries(Object.keys(found).map((state) => [state, []])));
    assert.deepEqual(agent.caught, []);
    await agent.close();
  });
}
