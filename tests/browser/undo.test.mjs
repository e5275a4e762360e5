// What another system has done is undone by an agent: asked for confirmation first, and asked of the desk once.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Agent } from './support/agent.mjs';
import { env, launch, tag, until } from './support/browser.mjs';
import { Customer } from './support/customer.mjs';

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

const ACT = 100_000;
const undoable = { id: ACT, name: 'Pay money back', by: 'Cancel a refund', details: 'amount: 5\nnumber: <b>HB-1</b>' };

/** The desk under test has no shop: what it would say of a refund is put into its answers. */
async function withARefund(page) {
  const asked = [];
  let undone = false;
  const detail = (body) => ({ ...body, undoable: undone ? [] : [undoable] });
  await page.route(/\/api\/v1\/conversations\/[0-9a-f-]{36}$/, async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, json: detail(await answer.json()) });
  });
  await page.route(/\/api\/v1\/conversations\/[0-9a-f-]{36}\/events/, async (route) => {
    const answer = await route.fetch();
    const body = await answer.json();
    if (new URL(route.request().url()).searchParams.get('after') === '0') {
      body.events.push({ seq: ACT + 1, at: new Date().toISOString(), type: 'act', act: 'act', status: 'done', text: undoable.name, ticket: null, effect: ACT });
    }
    await route.fulfill({ response: answer, json: body });
  });
  await page.route(/\/acts\/\d+\/reversal$/, async (route) => {
    asked.push(new URL(route.request().url()).pathname);
    undone = true;
    const answer = await route.fetch({ url: route.request().url().replace(/\/acts\/.*$/, ''), method: 'GET' });
    await route.fulfill({ response: answer, status: 200, json: detail(await answer.json()) });
  });
  return asked;
}

test('undo stands beside what was done, asks first, and is asked of the desk once', async () => {
  const mark = tag();
  const customer = await Customer.arrive(browser);
  await customer.open();
  await customer.say(`Can I talk to a human please? ${mark}`);
  await customer.answered(mark);
  const agent = await Agent.signIn(browser, env.maria);
  const asked = await withARefund(agent.page);
  await agent.open(mark);
  const line = agent.page.locator('li.mark', { hasText: undoable.name });
  await line.getByRole('button', { name: 'Undo…' }).click();
  const question = agent.page.getByRole('group', { name: 'Undo Pay money back' });
  assert.match(await question.innerText(), /by “Cancel a refund”\?/);
  assert.equal(await question.locator('b').count(), 0, 'what an action took is text, never HTML');
  await question.getByRole('button', { name: 'Keep it' }).click();
  assert.deepEqual(asked, [], 'nothing is undone before it is confirmed');
  await line.getByRole('button', { name: 'Undo…' }).click();
  if (process.env.SCREENSHOTS) await agent.page.screenshot({ path: `${process.env.SCREENSHOTS}/undo.png` });
  await question.getByRole('button', { name: 'Undo it' }).click();
  await until('the button is gone', async () => (await line.getByRole('button').count()) === 0);
  assert.equal(asked.length, 1);
  assert.match(asked[0], new RegExp(`/acts/${ACT}/reversal$`));
  await agent.page.unrouteAll({ behavior: 'wait' });
  await customer.close();
  await agent.close();
});
