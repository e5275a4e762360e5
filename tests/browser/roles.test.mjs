// An analyst reads everything an agent does and is offered nothing that the desk would refuse; approvals are decided
// without a mouse.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Agent } from './support/agent.mjs';
import { axe, env, launch, tag, until } from './support/browser.mjs';
import { Customer } from './support/customer.mjs';
import { eventually, goTo, run, shot, skip, took } from './support/shop-desk.mjs';

const analyst = { email: process.env.ANALYST, password: env.maria.password };
const noAnalyst = skip || (analyst.email ? false : 'ANALYST (the address of one, who has the first agent’s password) is not set');

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

async function asked() {
  const mark = tag();
  const customer = await Customer.arrive(browser);
  await customer.open();
  await customer.say(`Good morning ${mark}`);
  await customer.answered(mark);
  const agent = await Agent.signIn(browser, env.maria);
  await agent.open(mark);
  await run(agent, /^Money back Asks/, { Amount: '77', 'Order (optional)': mark });
  await agent.page.getByRole('region', { name: 'To be approved' }).waitFor();
  return { mark, customer, agent };
}

test('an analyst sees what waits and decides nothing', { skip: noAnalyst, timeout: 120_000 }, async () => {
  const { mark, customer, agent } = await asked();
  const ana = await Agent.signIn(browser, analyst);
  await ana.open(mark);
  const proposal = ana.page.getByRole('region', { name: 'To be approved' });
  await proposal.waitFor();
  assert.equal(await proposal.getByRole('button').count(), 0);
  assert.ok(await proposal.getByLabel('amount').evaluate((field) => field.readOnly));
  assert.deepEqual(await ana.page.locator('.talk-head').getByRole('button').evaluateAll((all) => all.map((it) => it.ariaLabel)), ['Why, customer and tickets']);
  assert.equal(await ana.page.getByRole('textbox', { name: 'Reply' }).count(), 0);
  await ana.page.keyboard.press('t');
  await ana.page.keyboard.press('h');
  assert.equal(await ana.page.getByRole('dialog').count(), 0);
  await shot(ana.page, 'analyst');
  assert.deepEqual(await axe(ana.page), []);
  for (const page of ['Approvals', 'Automation', 'Tickets']) {
    await goTo(ana, page);
    assert.deepEqual(await axe(ana.page), [], page);
  }
  assert.equal(await ana.page.getByRole('link', { name: 'Dead letters' }).count(), 0);
  await ana.page.goto(`${env.url}/console/automation/triggers`);
  await ana.page.locator('tbody tr').first().waitFor();
  assert.equal(await ana.page.getByRole('heading', { name: 'What went off' }).count(), 0, 'occurrences are for admins');
  await ana.page.goto(`${env.url}/console/automation/switches`);
  await ana.page.getByText('Everything is on.').waitFor();
  assert.equal(await ana.page.getByRole('button', { name: 'Switch off…' }).count(), 0);
  assert.deepEqual(ana.caught, []);
  for (const it of [customer, agent, ana]) await it.close();
});

test('an approval is found, changed and given without a mouse', { skip, timeout: 120_000 }, async () => {
  const { mark, customer, agent } = await asked();
  const { page } = agent;
  await page.goto(`${env.url}/console/approvals`);
  const link = page.getByRole('link', { name: new RegExp(`back for ${mark}`) });
  await link.waitFor();
  const reach = async (what, locator) => {
    for (let i = 0; i < 80; i += 1) {
      if (await locator.evaluate((it) => document.activeElement === it)) return;
      await page.keyboard.press('Tab');
    }
    assert.fail(`${what} is not reached by Tab`);
  };
  await reach('the approval', link);
  await page.keyboard.press('Enter');
  const proposal = page.getByRole('region', { name: 'To be approved' });
  await proposal.waitFor();
  await reach('the sum', proposal.getByLabel('amount'));
  await page.keyboard.press('Control+a');
  await page.keyboard.type('66');
  await reach('the button', proposal.getByRole('button', { name: 'Approve' }));
  await page.keyboard.press('Enter');
  await eventually('the shop has paid what was typed', async () => (await took()).payments.some((it) => it.order === mark && it.amount === 66));
  await until('it is settled', async () => (await proposal.count()) === 0);
  assert.deepEqual(agent.caught, []);
  await customer.close();
  await agent.close();
});
