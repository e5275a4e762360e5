// What an admin asks of a desk: what does it do by itself, what did it do lately, what was turned down and why; and how
// all of it is switched off.
import assert from 'node:assert/strict';
import { createHmac, randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { Agent } from './support/agent.mjs';
import { axe, env, launch, tag, until } from './support/browser.mjs';
import { Customer } from './support/customer.mjs';
import { eventually, goTo, shot, skip } from './support/shop-desk.mjs';

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

const PARTS = ['Lately', 'Intents', 'Rules', 'Triggers', 'Switches'];
const QUESTION = 'How do I export our data?';

async function part(agent, name) {
  await agent.page.getByRole('navigation', { name: 'Automation' }).getByRole('link', { name, exact: true }).click();
  await until(`${name} is shown`, async () => (await agent.page.getByRole('navigation', { name: 'Automation' }).locator('[aria-current]').innerText()) === name);
}

/** A request as the billing system signs it (Standard Webhooks). */
function hook(name, body, secret = process.env.HOOK_SECRET) {
  const [id, at, text] = [randomUUID(), Math.floor(Date.now() / 1000), JSON.stringify(body)];
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${at}.${text}`).digest('base64');
  const headers = { 'webhook-id': id, 'webhook-timestamp': String(at), 'webhook-signature': `v1,${signature}`, 'Content-Type': 'application/json' };
  return fetch(`${env.url}/hooks/${name}`, { method: 'POST', headers, body: text });
}

for (const [name, look] of [['light', {}], ['dark', { colorScheme: 'dark' }], ['on a phone', { viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true }]]) {
  test(`every part of it, ${name}: filled, empty, slow and failed, and no rule of accessibility is broken`, { skip, timeout: 240_000 }, async () => {
    const mark = tag();
    const customer = await Customer.arrive(browser);
    await customer.open();
    await customer.say(`${QUESTION} ${mark}`);
    await customer.answered(mark);
    await customer.close();
    const agent = await Agent.signIn(browser, env.maria, look);
    const found = {};
    await agent.page.goto(`${env.url}/console/automation`);
    await agent.page.getByRole('heading', { name: 'Automation', level: 1 }).waitFor();
    for (const it of PARTS) {
      await part(agent, it);
      await until(`${it} is read`, async () => (await agent.page.locator('[aria-busy=true]').count()) === 0);
      await shot(agent.page, `automation-${it.toLowerCase()}-${name.replaceAll(' ', '-')}`);
      found[it] = await axe(agent.page);
    }
    assert.ok(await agent.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing is wider than the screen');
    // Each part again with nothing to show, while it is slow, and when it fails.
    const reads = { Lately: '**/api/v1/activity*', Intents: '**/api/v1/automation', Rules: '**/api/v1/rules', Triggers: '**/api/v1/triggers**' };
    for (const [it, path] of Object.entries(reads)) {
      await agent.page.route(path, (route) => route.fulfill({ json: { items: [], next: null } }));
      await part(agent, 'Switches');
      await part(agent, it);
      await agent.page.locator('.empty').first().waitFor();
      await shot(agent.page, `automation-${it.toLowerCase()}-empty-${name.replaceAll(' ', '-')}`);
      found[`${it}, empty`] = await axe(agent.page);
      await agent.page.unroute(path);
      let go = () => {};
      const slow = new Promise((resolve) => { go = resolve; });
      await agent.page.route(path, async (route) => { await slow; await route.abort(); });
      await part(agent, 'Switches');
      await part(agent, it);
      await agent.page.locator('.skeleton').first().waitFor();
      await shot(agent.page, `automation-${it.toLowerCase()}-slow-${name.replaceAll(' ', '-')}`);
      found[`${it}, slow`] = await axe(agent.page);
      go();
      await agent.page.getByText('could not be loaded').first().waitFor();
      await shot(agent.page, `automation-${it.toLowerCase()}-failed-${name.replaceAll(' ', '-')}`);
      found[`${it}, failed`] = await axe(agent.page);
      await agent.page.unroute(path);
      await agent.page.getByRole('button', { name: 'Try again' }).first().click();
      await until(`${it} comes`, async () => (await agent.page.locator('table, .activity').count()) > 0);
    }
    assert.deepEqual(found, Object.fromEntries(Object.keys(found).map((state) => [state, []])));
    assert.deepEqual(agent.caught, []);
    await agent.close();
  });
}

test('what the bot decided stands under Lately with its reason, and leads to the conversation', { skip }, async () => {
  const mark = tag();
  const customer = await Customer.arrive(browser);
  await customer.open();
  await customer.say(`${QUESTION} ${mark}`);
  await customer.answered(mark);
  const agent = await Agent.signIn(browser, env.maria);
  await goTo(agent, 'Automation');
  const newest = agent.page.locator('.activity > li').first();
  await newest.waitFor();
  assert.match(await newest.innerText(), /Answered|Asked back|Handed over/);
  assert.match(await newest.innerText(), /%/, 'how sure it was');
  await newest.getByRole('link').click();
  await agent.sees(mark, 'customer');
  await customer.close();
  await agent.close();
});

test('rules say how often they fired; those that never did can be looked at alone', { skip }, async () => {
  const customer = await Customer.arrive(browser);
  await customer.open();
  const mark = tag();
  await customer.say(`Can I talk to a human please? ${mark}`);
  await customer.answered(mark);
  const agent = await Agent.signIn(browser, env.maria);
  await agent.page.goto(`${env.url}/console/automation/rules`);
  const rows = agent.page.locator('tbody tr');
  await rows.first().waitFor();
  const all = await rows.count();
  await agent.page.getByText('Never fired').click();
  const never = await until('some are left', () => rows.count());
  assert.ok(never > 0 && never <= all);
  assert.ok((await rows.allInnerTexts()).every((row) => row.includes('Never')));
  await customer.close();
  await agent.close();
});

test('a hook that came is listed with what came of it; a forged one is not', { skip }, async () => {
  const agent = await Agent.signIn(browser, env.maria);
  const invoice = `HB-${tag()}`;
  assert.equal((await hook('invoice-paid', { data: { invoice } }, 'whsec_d3Jvbmc=')).status, 401);
  const taken = await hook('invoice-paid', { data: { invoice } });
  assert.ok(taken.ok, await taken.text());
  await agent.page.goto(`${env.url}/console/automation/triggers`);
  const fired = agent.page.getByRole('region', { name: 'What went off' });
  await eventually('it is worked on', async () => {
    await agent.page.getByRole('button', { name: 'Refresh' }).click();
    return /Nobody was found/.test(await fired.innerText());
  });
  await agent.page.getByLabel('Trigger', { exact: true }).selectOption({ label: 'An invoice was paid' });
  await until('only its own are left', async () => {
    const rows = await fired.locator('tbody tr').allInnerTexts();
    return rows.length > 0 && rows.every((row) => row.includes('An invoice was paid'));
  });
  const row = agent.page.getByRole('region', { name: 'Triggers' }).getByRole('row', { name: /An invoice was paid/ });
  assert.match(await row.innerText(), /Ready/);
  await shot(agent.page, 'triggers-fired');
  await agent.close();
});

test('a database that cannot be polled is told with its cause and the next look', { skip }, async () => {
  const agent = await Agent.signIn(browser, env.maria);
  const poll = { looked_at: null, next: new Date().toISOString(), failures: 3, trouble: 'The database "shop" does not answer <b>now</b>.' };
  const lately = { counted: true, fired: 0, last_at: null, failed: 0, waiting: 0 };
  const items = [{ id: 'late-orders', name: 'Late orders', description: 'Orders that are late.', kind: 'poll', next: null, ready: null, lately, poll }];
  await agent.page.route('**/api/v1/triggers', (route) => route.fulfill({ json: { items } }));
  await agent.page.goto(`${env.url}/console/automation/triggers`);
  const row = agent.page.getByRole('row', { name: /3 tries failed/ });
  await row.waitFor();
  assert.match(await row.innerText(), /Database/);
  assert.match(await row.innerText(), /The database "shop" does not answer <b>now<\/b>/);
  assert.deepEqual(await axe(agent.page), []);
  await agent.page.unrouteAll({ behavior: 'wait' });
  await agent.close();
});

test('an admin lifts a demotion and says why; an agent cannot', { skip }, async () => {
  const demoted = async (route) => {
    const answer = await route.fetch();
    const body = await answer.json();
    const it = body.items.find((one) => one.policy === 'auto');
    Object.assign(it, { now: 'suggest', demoted: 'suggest', because: { code: 'automation-demoted', text: '9 of 20 answers turned out to be wrong.' }, budget: { allowed: 0.1, of_at_least: 20, days: 7, answers: 20, failures: 9, demotes_to: 'suggest' } });
    await route.fulfill({ response: answer, json: body });
  };
  const agent = await Agent.signIn(browser, env.maria);
  await agent.page.route('**/api/v1/automation', demoted);
  await agent.page.goto(`${env.url}/console/automation/intents`);
  await agent.page.getByText('9 of 20 answers turned out to be wrong.').waitFor();
  await shot(agent.page, 'intents-demoted');
  await agent.page.getByRole('button', { name: /^Lift the demotion of/ }).click();
  const dialog = agent.page.getByRole('dialog', { name: /^Lift the demotion/ });
  await shot(agent.page, 'intents-lift');
  assert.deepEqual(await axe(agent.page), []);
  assert.ok(await dialog.getByRole('button', { name: 'Lift it' }).isDisabled(), 'a reason is needed');
  await dialog.getByLabel('Why?').fill('The article was mended.');
  const lifted = agent.page.waitForRequest((request) => request.url().endsWith('/lift') && request.method() === 'POST');
  await agent.page.unroute('**/api/v1/automation');
  await dialog.getByRole('button', { name: 'Lift it' }).click();
  assert.deepEqual((await lifted).postDataJSON(), { because: 'The article was mended.' });
  await agent.toast('may do again what its policy says');
  await until('it is as its policy says', async () => (await agent.page.getByRole('button', { name: /^Lift the demotion of/ }).count()) === 0);
  const other = await Agent.signIn(browser, env.ben);
  await other.page.route('**/api/v1/automation', demoted);
  await other.page.goto(`${env.url}/console/automation/intents`);
  await other.page.getByText('9 of 20 answers turned out to be wrong.').waitFor();
  assert.equal(await other.page.getByRole('button', { name: /^Lift the demotion of/ }).count(), 0);
  await other.page.unrouteAll({ behavior: 'wait' });
  await agent.close();
  await other.close();
});

test('the bot is switched off: whoever writes waits for a person, everybody is told; on again, it answers', { skip, timeout: 180_000 }, async () => {
  const agent = await Agent.signIn(browser, env.maria);
  const other = await Agent.signIn(browser, env.ben);
  const because = `it says nonsense ${tag()}`;
  await agent.page.goto(`${env.url}/console/automation/switches`);
  await agent.page.getByRole('button', { name: 'Switch off…' }).click();
  const dialog = agent.page.getByRole('dialog', { name: 'Switch off: The whole bot' });
  await dialog.getByLabel('Why?').fill(because);
  await shot(agent.page, 'switch-off');
  assert.deepEqual(await axe(agent.page), []);
  await dialog.getByRole('button', { name: 'Switch off', exact: true }).click();
  try {
    await until('the other agent is told', async () => (await other.page.locator('.off-bar').innerText()).includes(because));
    await shot(other.page, 'switch-banner');
    assert.deepEqual(await axe(other.page), []);
    const mark = tag();
    const customer = await Customer.arrive(browser);
    await customer.open();
    await customer.say(`${QUESTION} ${mark}`);
    await eventually('the customer is told that a person is coming', async () => (await customer.lines()).some((line) => line.from === 'system'));
    assert.deepEqual((await customer.lines()).filter((line) => line.from === 'bot'), [], 'the bot itself is silent');
    await other.open(mark);
    await eventually('it waits for a person', async () => /Waiting/.test(await other.page.locator('.talk-head .chip').innerText()));

    // What was held back stands under Lately with its reason.
    await part(agent, 'Lately');
    await agent.page.getByText('Turned down', { exact: true }).click();
    await eventually('the reason is told', async () => (await agent.page.locator('.deeds .down').allInnerTexts()).some((text) => text.includes(because)));
    await shot(agent.page, 'activity-switched-off');
    await customer.close();
  } finally {
    await agent.page.goto(`${env.url}/console/automation/switches`);
    await agent.page.getByRole('button', { name: 'Switch on…' }).click();
    const on = agent.page.getByRole('dialog', { name: 'Switch on: The whole bot' });
    await on.getByLabel('Why?').fill('mended');
    await on.getByRole('button', { name: 'Switch on', exact: true }).click();
    await agent.page.getByText('Everything is on.').waitFor();
  }
  await until('both changes are told, with who and why', async () => {
    const changes = await agent.page.getByRole('region', { name: 'What was changed' }).last().innerText();
    return changes.includes(because) && changes.includes('switched on by Ben');
  });
  const mark = tag();
  const customer = await Customer.arrive(browser);
  await customer.open();
  await customer.say(`${QUESTION} ${mark}`);
  await eventually('the bot answers again', () => customer.answered(mark));
  await until('the banner is gone', async () => (await other.page.locator('.off-bar').count()) === 0);
  assert.deepEqual([...agent.caught, ...other.caught], []);
  for (const it of [customer, agent, other]) await it.close();
});

test('the pages need no mouse, and stand right to left', { skip }, async () => {
  const agent = await Agent.signIn(browser, env.maria);
  const { page } = agent;
  await page.goto(`${env.url}/console/automation`);
  await page.locator('.activity > li').first().waitFor();
  const focused = () => page.evaluate(() => document.activeElement?.textContent?.trim() ?? '');
  const reach = async (text) => {
    for (let i = 0; i < 60; i += 1) {
      if ((await focused()) === text) return;
      await page.keyboard.press('Tab');
    }
    assert.fail(`${text} is not reached by Tab; last: ${await focused()}`);
  };
  await reach('Rules');
  await page.keyboard.press('Enter');
  await page.locator('tbody tr').first().waitFor();
  await reach('Switches');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Switch off…' }).waitFor();
  await reach('Switch off…');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  await until('the focus is back where it was', async () => (await focused()) === 'Switch off…');
  await page.evaluate(() => (document.documentElement.dir = 'rtl'));
  for (const it of PARTS) {
    await part(agent, it);
    await until(`${it} is read`, async () => (await page.locator('[aria-busy=true]').count()) === 0);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${it} is not wider than the screen`);
    await shot(page, `rtl-${it.toLowerCase()}`);
    assert.deepEqual(await axe(page), []);
  }
  await agent.close();
});
