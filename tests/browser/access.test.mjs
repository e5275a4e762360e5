// Everybody can use it: WCAG 2.2 AA rules on every page and state, light and dark, and both jobs done by keyboard alone.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Agent } from './support/agent.mjs';
import { axe, env, launch, newPage, tag, until } from './support/browser.mjs';
import { Customer } from './support/customer.mjs';

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

const phone = { viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true };
const looks = [['light', { colorScheme: 'light' }], ['dark', { colorScheme: 'dark' }], ['light on a phone', { colorScheme: 'light', ...phone }], ['dark on a phone', { colorScheme: 'dark', ...phone }]];

for (const [name, look] of looks) {
  test(`the widget, ${name}: no rule is broken in any state`, { timeout: 180_000 }, async () => {
    const mark = tag();
    const customer = await Customer.arrive(browser, { ...look, cuttable: true });
    const found = {};
    const check = async (state) => { found[state] = await axe(customer.page); };
    await customer.launcher.waitFor();
    await check('closed');
    await customer.open();
    await check('empty');
    await customer.say('How do I export our data?');
    await until('an answer with its source', () => customer.frame.locator('.sources').count());
    await check('answer with source');
    await customer.say('We want to cancel our subscription');
    await until('choices', () => customer.frame.locator('.choices').count());
    await check('choices');
    await customer.say(`Can I talk to a human please? ${mark}`);
    await customer.answered(mark);
    await check('queued');
    const agent = await Agent.signIn(browser, env.maria);
    await agent.open(mark);
    await agent.takeOver();
    await agent.reply(`Hello, have a look at https://harbor.example/help and run \`harbor check\` ${mark}\n\n\`\`\`\nlong ${'x'.repeat(200)}\n\`\`\``);
    await customer.hears(mark, 'agent');
    await check('with a human');
    await customer.write('é'.repeat(8_200));
    await check('too long');
    await customer.write('');
    customer.proxy.cut();
    await customer.say('into the void');
    await customer.notice('Connection lost');
    await check('offline');
    customer.proxy.mend();
    await customer.hears('into the void');
    await agent.page.getByRole('button', { name: 'Resolve' }).click();
    await customer.frame.locator('.rating').waitFor();
    await customer.frame.getByText('4 out of 5').click({ force: true });
    await check('rating');
    assert.deepEqual(found, Object.fromEntries(Object.keys(found).map((state) => [state, []])));
    await customer.close();
    await agent.close();
  });

  test(`the console, ${name}: no rule is broken on any page`, { timeout: 180_000 }, async () => {
    const mark = tag();
    const customer = await Customer.arrive(browser);
    await customer.open();
    await customer.say(`Can I talk to a human please? ${mark}`);
    await customer.answered(mark);
    await customer.close();
    const found = {};
    const visitor = await newPage(browser, look);
    await visitor.page.goto(`${env.url}/console`);
    await visitor.page.getByLabel('E-mail').waitFor();
    found['sign-in'] = await axe(visitor.page);
    await visitor.page.getByLabel('E-mail').fill('nobody@harbor.example');
    await visitor.page.getByLabel('Password').fill('wrong');
    await visitor.page.getByRole('button', { name: 'Sign in' }).click();
    await visitor.page.getByRole('alert').waitFor();
    found['sign-in refused'] = await axe(visitor.page);
    await visitor.close();

    const agent = await Agent.signIn(browser, env.maria, look);
    const check = async (state) => { found[state] = await axe(agent.page); };
    await check('queue');
    await agent.open(mark);
    await check('conversation, waiting');
    if ((await agent.page.locator('.side').count()) === 0) {
      await agent.page.getByRole('button', { name: 'Why, customer and tickets' }).click();
      await agent.page.locator('.side').waitFor();
      await check('details');
      await agent.page.getByRole('button', { name: 'Close details' }).click();
    }
    await agent.takeOver();
    await check('conversation, mine');
    await agent.note(`a note ${mark}`);
    await check('note');
    await agent.page.getByRole('button', { name: 'Transfer to a team' }).click();
    await agent.page.getByRole('dialog').waitFor();
    await check('transfer');
    await agent.page.getByRole('button', { name: 'Close', exact: true }).click();
    await agent.page.goto(`${env.url}/console/all`);
    await agent.page.locator('a.row').first().waitFor();
    await agent.page.keyboard.press('?');
    await agent.page.getByRole('dialog').waitFor();
    await check('shortcuts');
    await agent.page.keyboard.press('Escape');
    await agent.page.getByRole('button', { name: /settings and sign-out/ }).click();
    await agent.page.getByText('Desktop notifications').waitFor();
    await check('settings');
    await agent.page.keyboard.press('Escape');
    await agent.page.getByLabel('Search conversations').fill(`nothing-like-this-${mark}`);
    await agent.page.getByText('Nothing found').waitFor();
    await check('nothing found');
    await agent.page.getByRole('link', { name: 'Tickets' }).click();
    await agent.page.getByRole('heading', { name: 'Tickets', exact: true }).waitFor();
    await check('tickets');
    await agent.page.route('**/api/v1/tickets*', (route) => route.abort());
    await agent.page.getByLabel('Show').selectOption('open');
    await agent.page.reload();
    await agent.page.getByText('could not be loaded').waitFor();
    await check('tickets, failed');
    assert.deepEqual(found, Object.fromEntries(Object.keys(found).map((state) => [state, []])));
    assert.deepEqual(agent.caught, []);
    await agent.close();
  });
}

test('a customer needs no mouse', async () => {
  const customer = await Customer.arrive(browser);
  const { page } = customer;
  await customer.launcher.waitFor();
  await customer.launcher.focus();
  await page.keyboard.press('Enter');
  await until('the cursor is in the field', () => customer.field.evaluate((field) => document.activeElement === field));
  await page.keyboard.type('We want to cancel our subscription');
  await page.keyboard.press('Enter');
  await until('choices', async () => (await customer.frame.locator('.choices button:enabled').count()) > 0);
  const first = customer.frame.locator('.choices button').first();
  for (let i = 0; i < 12 && !(await first.evaluate((b) => document.activeElement === b)); i += 1) await page.keyboard.press('Shift+Tab');
  const label = await first.innerText();
  for (let i = 0; i < 8 && !(await first.evaluate((b) => document.activeElement === b)); i += 1) await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Enter');
  await customer.hears(label, 'customer');
  await page.keyboard.press('Escape');
  await until('the panel is closed and the launcher has the focus', () => page.evaluate(() => {
    const root = document.querySelector('deskhand-chat').shadowRoot;
    return root.activeElement === root.querySelector('button') && root.activeElement.getAttribute('aria-expanded') === 'false';
  }));
  await page.keyboard.press('Enter');
  await until('it opens again with the cursor in the field', () => customer.field.evaluate((field) => document.activeElement === field));
  await customer.close();
});

test('an agent needs no mouse', async () => {
  const mark = tag();
  const customer = await Customer.arrive(browser);
  await customer.open();
  await customer.say(`Can I talk to a human please? ${mark}`);
  await customer.answered(mark);

  const it = await newPage(browser);
  const { page } = it;
  const agent = new Agent(it);
  agent.name = 'the agent';
  await page.goto(`${env.url}/console`);
  await until('the cursor is in the first field', () => page.evaluate(() => document.activeElement?.getAttribute('name') === 'email'));
  await page.keyboard.type(env.maria.email);
  await page.keyboard.press('Tab');
  await page.keyboard.type(env.maria.password);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Queue', level: 1 }).waitFor();
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
  await page.keyboard.press('Escape');
  await until('the help is closed', async () => (await page.getByRole('dialog').count()) === 0);
  await page.keyboard.press('/');
  await page.keyboard.type(mark);
  await until('the search found it', async () => (await page.locator('a.row').count()) === 1);
  await page.keyboard.press('Escape');
  if ((await page.getByLabel('Search conversations').inputValue()) === '') {
    await page.keyboard.press('/');
    await page.keyboard.type(mark);
    await until('the search found it', async () => (await page.locator('a.row').count()) === 1);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
  }
  await page.keyboard.press('j');
  await agent.sees(mark);
  await page.keyboard.press('t');
  await agent.state('With you');
  await until('the cursor is in the reply', () => page.evaluate(() => document.activeElement?.getAttribute('aria-label') === 'Reply'));
  await page.keyboard.type(`by keyboard ${mark}`);
  await page.keyboard.press('Control+Enter');
  await customer.hears(`by keyboard ${mark}`, 'agent');
  await page.keyboard.press('Escape');
  await page.keyboard.press('n');
  await until('the cursor is in the note', () => page.evaluate(() => document.activeElement?.getAttribute('aria-label') === 'Internal note'));
  await page.keyboard.type(`noted ${mark}`);
  await page.keyboard.press('Control+Enter');
  await until('the note stands', () => page.locator('.note:not(.pending)', { hasText: `noted ${mark}` }).count());
  await page.keyboard.press('Escape');
  await page.keyboard.press('e');
  await agent.state('Resolved');
  await customer.notice('resolved');
  assert.deepEqual(it.caught, []);
  await it.close();
  await customer.close();
});

test('a one-time link signs in once, and leaves nothing in the address', { skip: process.env.DESKHAND_LINK ? false : 'DESKHAND_LINK (the code of an unused sign-in link) is not set' }, async () => {
  const first = await newPage(browser);
  await first.page.goto(`${env.url}/console#link=${process.env.DESKHAND_LINK}`);
  await first.page.getByRole('heading', { name: 'Queue', level: 1 }).waitFor();
  assert.ok(!first.page.url().includes('link='), first.page.url());
  const second = await newPage(browser);
  await second.page.goto(`${env.url}/console#link=${process.env.DESKHAND_LINK}`);
  await second.page.getByRole('alert').waitFor();
  assert.ok(!second.page.url().includes('link='), second.page.url());
  await first.close();
  await second.close();
});
