// Playbooks that ask a person first: run from the dialog, approved with a change, rejected with a reason, decided by the
// clock; and what the shop does not take becomes a dead letter that an admin has tried again or gives up.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Agent } from './support/agent.mjs';
import { axe, env, launch, tag, until } from './support/browser.mjs';
import { Customer } from './support/customer.mjs';
import { answers, eventually, goTo, openDialog, run, shot, skip, took } from './support/shop-desk.mjs';

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

/** A customer who is there, and an agent who sees what they wrote. */
async function together(who = env.maria) {
  const mark = tag();
  const customer = await Customer.arrive(browser);
  await customer.open();
  await customer.say(`Good morning ${mark}`);
  await customer.answered(mark);
  const agent = await Agent.signIn(browser, who);
  await agent.open(mark);
  return { mark, customer, agent };
}

const proposal = (agent) => agent.page.getByRole('region', { name: 'To be approved' });
const paidFor = async (order) => (await took()).payments.filter((it) => it.order === order);

test('the dialog asks for what the playbook takes, refuses what does not fit, and says why the desk refuses', { skip }, async () => {
  const { mark, customer, agent } = await together();
  const dialog = await openDialog(agent);
  await shot(agent.page, 'playbook-dialog');
  assert.deepEqual(await axe(agent.page), []);
  await dialog.getByRole('radio', { name: /^Money back Asks/ }).check();
  assert.deepEqual(await dialog.locator('label.stack, label.check').allInnerTexts().then((all) => all.map((it) => it.split('\n')[0])), ['Amount', 'Express', 'Order (optional)', 'Parts (optional)', 'Why (optional)'], 'each field of the schema, required or not');
  await shot(agent.page, 'playbook-dialog-fields');
  assert.deepEqual(await axe(agent.page), []);

  await dialog.getByRole('button', { name: 'Run', exact: true }).click();
  assert.equal(await dialog.getByLabel('Amount').evaluate((field) => field.validity.valueMissing), true, 'what is needed is asked for');
  await dialog.getByLabel('Amount').fill('5000');
  await dialog.getByRole('button', { name: 'Run', exact: true }).click();
  assert.equal(await dialog.getByLabel('Amount').evaluate((field) => field.validity.rangeOverflow), true);
  assert.equal(await dialog.count(), 1, 'nothing was sent');

  await dialog.getByLabel('Amount').fill('12');
  await agent.page.route('**/playbooks', (route) => (route.request().method() === 'POST' ? route.abort() : route.continue()));
  await dialog.getByRole('button', { name: 'Run', exact: true }).click();
  await dialog.getByRole('alert').waitFor();
  assert.match(await dialog.getByRole('alert').innerText(), /cannot be reached/);
  assert.equal(await dialog.getByLabel('Amount').inputValue(), '12', 'what was typed stays');
  await shot(agent.page, 'playbook-dialog-refused');
  assert.deepEqual(await axe(agent.page), []);
  await agent.page.unroute('**/playbooks');

  // Somebody else takes the conversation meanwhile: the desk says who has it.
  const other = await Agent.signIn(browser, env.ben);
  await other.open(mark);
  await other.takeOver();
  await dialog.getByRole('button', { name: 'Run', exact: true }).click();
  await until('the dialog says who has it', async () => (await dialog.getByRole('alert').innerText()).includes(other.name));
  await agent.page.keyboard.press('Escape');
  await until('the dialog is closed', async () => (await dialog.count()) === 0);
  await until('nothing is to be run there', () => agent.page.locator('.talk-head').getByRole('button', { name: 'Run a playbook' }).isDisabled());
  for (const it of [customer, agent, other]) await it.close();
});

test('the dialog says when its list cannot be had, and tries again', { skip }, async () => {
  const { customer, agent } = await together();
  await agent.page.route('**/api/v1/playbooks', (route) => route.abort());
  await agent.page.locator('.talk-head').getByRole('button', { name: 'Run a playbook' }).click();
  const dialog = agent.page.getByRole('dialog', { name: 'Run a playbook' });
  await dialog.getByRole('alert').waitFor();
  assert.deepEqual(await axe(agent.page), []);
  await agent.page.unroute('**/api/v1/playbooks');
  await dialog.getByRole('button', { name: 'Try again' }).click();
  await dialog.getByRole('radio').first().waitFor();
  await customer.close();
  await agent.close();
});

test('an agent changes the sum and approves; the shop pays that, once', { skip }, async () => {
  const { mark, customer, agent } = await together();
  await run(agent, /^Money back Asks/, { Amount: '400', 'Order (optional)': mark, 'Why (optional)': 'late', Express: true });
  await customer.hears('I have asked a colleague', 'bot');
  await proposal(agent).waitFor();
  await shot(agent.page, 'approval');
  assert.deepEqual(await axe(agent.page), []);
  assert.match(await proposal(agent).innerText(), new RegExp(`Pay 400.* back for ${mark}`));

  // It stands on the list of all that wait, for the colleague, too.
  const other = await Agent.signIn(browser, env.ben);
  await goTo(other, 'Approvals');
  const row = other.page.getByRole('row', { name: new RegExp(mark) });
  await row.waitFor();
  await shot(other.page, 'approvals');
  assert.deepEqual(await axe(other.page), []);

  await proposal(agent).getByLabel('amount').fill('');
  assert.ok(await proposal(agent).getByRole('button', { name: 'Approve' }).isDisabled(), 'no number is no sum');
  await proposal(agent).getByLabel('amount').fill('350');
  await proposal(agent).getByRole('button', { name: 'Approve' }).click();
  await customer.hears(`350`, 'bot');
  await eventually('the shop has paid', async () => (await paidFor(mark)).length === 1);
  assert.equal((await paidFor(mark))[0].amount, 350);
  await eventually('it waits no more on the list', async () => (await row.count()) === 0);
  assert.equal(await proposal(agent).count(), 0);

  // What the desk did is told.
  await goTo(agent, 'Automation');
  const done = agent.page.locator('.activity > li', { hasText: 'Money back' }).or(agent.page.locator('.activity > li', { hasText: mark })).first();
  await done.waitFor();
  assert.match(await done.innerText(), /approved it/);
  for (const it of [customer, agent, other]) await it.close();
});

test('an agent rejects with a reason; the customer hears it and nothing is paid', { skip }, async () => {
  const { mark, customer, agent } = await together();
  await run(agent, /^Money back Asks/, { Amount: '40', 'Order (optional)': mark });
  await proposal(agent).waitFor();
  await proposal(agent).getByRole('button', { name: 'Reject…' }).click();
  await proposal(agent).getByLabel('Why not').fill(`it was worn <b>${mark}</b>`);
  await shot(agent.page, 'approval-reject');
  assert.deepEqual(await axe(agent.page), []);
  await proposal(agent).getByRole('button', { name: 'Reject', exact: true }).click();
  await customer.hears(`it was worn <b>${mark}</b>`, 'bot');
  assert.deepEqual(await paidFor(mark), []);
  await until('it is settled', async () => (await proposal(agent).count()) === 0);

  await goTo(agent, 'Automation');
  await agent.page.getByText('Turned down', { exact: true }).click();
  const down = agent.page.locator('.deeds .down', { hasText: `it was worn <b>${mark}</b>` });
  await down.waitFor();
  await shot(agent.page, 'activity-turned-down');
  assert.deepEqual(await axe(agent.page), []);
  assert.deepEqual(agent.caught, []);
  await customer.close();
  await agent.close();
});

test('nobody decides: the clock does, and the proposal is gone for whoever looks', { skip }, async () => {
  const { mark, customer, agent } = await together();
  await run(agent, /^Money back, in a hurry/, { Amount: '40', 'Order (optional)': mark });
  await proposal(agent).waitFor();
  await eventually('the customer hears that nobody decided', () => customer.hears('Nobody decided in time', 'bot'));
  await eventually('the proposal is gone', async () => (await proposal(agent).count()) === 0);
  assert.deepEqual(await paidFor(mark), []);
  await customer.close();
  await agent.close();
});

test('what the shop does not take becomes a dead letter: tried again it is paid, given up it is gone', { skip }, async () => {
  const { mark, customer, agent } = await together();
  const orders = [`${mark}a`, `${mark}b`];
  await answers({ pay: 503 });
  for (const order of orders) {
    await run(agent, /^Money back Asks/, { Amount: '10', 'Order (optional)': order });
    await proposal(agent).waitFor();
    await proposal(agent).getByRole('button', { name: 'Approve' }).click();
    await eventually('a person has it', async () => /Waiting/.test(await agent.page.locator('.talk-head .chip').innerText()));
  }
  await goTo(agent, 'Dead letters');
  const rows = agent.page.locator('tbody tr', { hasText: 'Pay money back' });
  await until('both are there', async () => (await rows.count()) >= 2);
  await shot(agent.page, 'dead-letters');
  assert.deepEqual(await axe(agent.page), []);

  const before = await rows.count();
  await rows.first().getByRole('button', { name: 'Give up' }).click();
  const dialog = agent.page.getByRole('dialog', { name: 'Give this up?' });
  await dialog.waitFor();
  await shot(agent.page, 'dead-letter-give-up');
  assert.deepEqual(await axe(agent.page), []);
  await dialog.getByRole('button', { name: 'Keep it' }).click();
  assert.equal(await rows.count(), before, 'kept');
  await rows.first().getByRole('button', { name: 'Give up' }).click();
  await dialog.getByRole('button', { name: 'Give up' }).click();
  await until('one is gone', async () => (await rows.count()) === before - 1);

  await answers({ pay: 200 });
  await rows.first().getByRole('button', { name: 'Try again' }).click();
  await agent.toast('It is being tried again');
  await eventually('the shop has paid what was tried again, and only that', async () => {
    const paid = (await took()).payments.filter((it) => orders.includes(it.order));
    return paid.length === 1;
  });
  await agent.page.getByRole('button', { name: 'Refresh' }).click();
  await eventually('nothing of it is left', async () => (await rows.count()) === before - 2);
  assert.deepEqual(agent.caught, []);
  await customer.close();
  await agent.close();
});

test('a page of dead letters that cannot be had says so', { skip }, async () => {
  const agent = await Agent.signIn(browser, env.maria);
  await agent.page.route('**/api/v1/letters*', (route) => route.abort());
  await goTo(agent, 'Dead letters');
  await agent.page.getByText('could not be loaded').waitFor();
  assert.deepEqual(await axe(agent.page), []);
  await agent.page.unroute('**/api/v1/letters*');
  await agent.page.getByRole('button', { name: 'Try again' }).click();
  await until('it is read', async () => (await agent.page.getByText('could not be loaded').count()) === 0);
  await agent.close();
});
