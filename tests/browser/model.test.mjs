// What the language model costs and how it is, for admins. Needs a desk with the fake model server
// (`MODEL=fake scripts/with-desk.sh …`), whose address stands in DESKHAND_FAKE_MODEL.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Agent } from './support/agent.mjs';
import { axe, env, launch, tag, until } from './support/browser.mjs';
import { Customer } from './support/customer.mjs';
import { eventually, goTo, shot } from './support/shop-desk.mjs';

const model = process.env.DESKHAND_FAKE_MODEL;
const skip = model ? false : 'DESKHAND_FAKE_MODEL is not set: this desk has no fake language model';
const order = (kind) => fetch(`${model}/_fake/always`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ kind }) });

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

/** A conversation in which an agent has had a draft written, or tried to. */
async function drafted(agent) {
  const mark = tag();
  const customer = await Customer.arrive(browser);
  await customer.open();
  await customer.say(`Can I talk to a human please? ${mark}`);
  await customer.answered(mark);
  await agent.open(mark);
  await agent.takeOver();
  await agent.page.locator('.composer').getByRole('button', { name: 'Draft a reply' }).click();
  await until('the draft has come, or not', async () => (await agent.page.locator('.composer').getByRole('button', { name: 'Stop' }).count()) === 0);
  await customer.close();
}

test('an admin sees what was spent today, by job, and what came to nothing', { skip, timeout: 180_000 }, async () => {
  await order(null);
  const agent = await Agent.signIn(browser, env.maria);
  await drafted(agent);
  await goTo(agent, 'Language model');
  const jobs = agent.page.getByRole('region', { name: 'By job' });
  await eventually('the draft is counted', async () => {
    await agent.page.getByRole('button', { name: 'Refresh' }).click();
    return /Drafts for agents\s+[1-9]/.test(await jobs.innerText());
  });
  const today = await agent.page.getByRole('region', { name: 'Today' }).innerText();
  assert.match(today, /Spent\s+\$\d/);
  assert.match(today, /Calls\s+[1-9]/);
  assert.match(await agent.page.getByRole('region', { name: 'Servers' }).innerText(), /In use/);
  await shot(agent.page, 'model');
  assert.deepEqual(await axe(agent.page), []);

  await order('Error500');
  try {
    await drafted(agent);
  } finally {
    await order(null);
  }
  await goTo(agent, 'Language model');
  await eventually('what came to nothing is told with its code', async () => {
    await agent.page.getByRole('button', { name: 'Refresh' }).click();
    return /\d+ model-/.test((await jobs.innerText()).replace(/\s+/g, ' '));
  });
  await shot(agent.page, 'model-failures');
  assert.deepEqual(agent.caught, []);
  await agent.close();
});

test('the why of a decision tells its cost', { skip }, async () => {
  const mark = tag();
  const customer = await Customer.arrive(browser);
  await customer.open();
  await customer.say(`Can I talk to a human please? ${mark}`);
  await customer.answered(mark);
  const agent = await Agent.signIn(browser, env.maria);
  await agent.open(mark);
  const why = agent.page.getByRole('region', { name: 'Why', exact: true });
  assert.match((await why.innerText()).replace(/\s+/g, ' '), /Cost \$\d/);
  await customer.close();
  await agent.close();
});

test('an agent has no such page: what it cost is an admin’s business', { skip }, async () => {
  const agent = await Agent.signIn(browser, env.ben);
  assert.equal(await agent.page.getByRole('link', { name: 'Language model' }).count(), 0);
  await agent.page.goto(`${env.url}/console/model`);
  await agent.page.getByText('could not be loaded').waitFor();
  assert.match(await agent.page.locator('.empty').innerText(), /admin/i);
  await agent.close();
});

for (const [name, look] of [['light', {}], ['dark', { colorScheme: 'dark' }], ['on a phone', { viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true }], ['right to left', {}]]) {
  test(`the page, ${name}: spent, down, none, slow and failed; no rule of accessibility is broken`, { skip, timeout: 120_000 }, async () => {
    const agent = await Agent.signIn(browser, env.maria, look);
    const { page } = agent;
    const found = {};
    const shown = async (state) => {
      if (name === 'right to left') await page.evaluate(() => (document.documentElement.dir = 'rtl'));
      await shot(page, `model-${state}-${name.replaceAll(' ', '-')}`);
      found[state] = await axe(page);
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${state}: nothing is wider than the screen`);
      assert.ok(await page.locator('.figures').evaluateAll((all) => all.every((it) => it.scrollWidth <= it.clientWidth)), `${state}: nothing is cut off`);
    };
    const layer = (layerName, of, healthy, detail, figures = {}) => ({ name: layerName, of, healthy, detail, figures });
    const down = { state: 'degraded', detail: 'The language model is not answering: the server is left alone for 28 s; the desk goes on with local triage.', in_flight: 0, layers: [
      layer('cache', '', true, '70 answers came from the cache, 30 did not', { cache_hits: 70, cache_misses: 30 }), layer('budget', '', false, '5.0000 of 5.00 USD spent today', { budget_usd: 5 }), layer('retry', '', true, '12 calls were tried again'),
      layer('breaker', 'first', false, 'open: failed 5 times, tried again in 28 s'), layer('server', 'first', true, 'gpt-small: json-schema'), layer('breaker', 'second', true, 'closed'), layer('server', 'second', true, 'not asked yet')] };
    const spent = { spent_usd: 5.0012, budget_usd: 5, tokens: 1234567, budget_tokens: 2000000, failures: [{ step: 'reply', code: 'model-timed-out', count: 7 }, { step: 'screen', code: 'model-server-failed', count: 2 }],
      steps: ['classify', 'extract', 'summarise', 'reply', 'suggest', 'translate'].map((step, n) => ({ step, calls: 10 ** n, spent_usd: n / 100, tokens: 10 ** n, unknown: n === 3 ? 2 : 0 })) };
    const paths = ['**/api/v1/model', '**/api/v1/model/use'];
    await page.route(paths[0], (route) => route.fulfill({ json: down }));
    await page.route(paths[1], (route) => route.fulfill({ json: spent }));
    await page.goto(`${env.url}/console/model`);
    await page.getByText('The budget is spent').waitFor();
    await shown('down');
    for (const path of paths) await page.unroute(path);
    await page.route(paths[0], (route) => route.fulfill({ json: { state: 'off', detail: 'There is no language model; the desk works with local triage.', in_flight: 0, layers: [] } }));
    await page.route(paths[1], (route) => route.fulfill({ json: { spent_usd: 0, budget_usd: null, tokens: 0, budget_tokens: null, steps: [], failures: [] } }));
    await page.reload();
    await page.getByText('There is no language model').first().waitFor();
    await shown('none');
    for (const path of paths) await page.unroute(path);
    let go = () => {};
    const slow = new Promise((resolve) => { go = resolve; });
    await page.route(paths[1], async (route) => { await slow; await route.abort(); });
    await page.reload();
    await page.locator('.figures[aria-busy=true]').waitFor();
    await shown('slow');
    go();
    await page.getByText('could not be loaded').waitFor();
    await shown('failed');
    await page.unroute(paths[1]);
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('region', { name: 'Today' }).waitFor();
    assert.deepEqual(found, Object.fromEntries(Object.keys(found).map((state) => [state, []])));
    assert.deepEqual(agent.caught, []);
    await agent.close();
  });
}
