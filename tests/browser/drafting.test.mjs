// An agent lets the language model draft, reads while it writes, and sends what they want. Needs a desk with the fake
// model server (`MODEL=fake scripts/with-desk.sh …`), whose address stands in DESKHAND_FAKE_MODEL.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Agent } from './support/agent.mjs';
import { axe, env, launch, tag, until } from './support/browser.mjs';
import { Customer } from './support/customer.mjs';

const model = process.env.DESKHAND_FAKE_MODEL;
const options = { skip: model ? false : 'DESKHAND_FAKE_MODEL is not set: this desk has no fake language model' };
const WHOLE = 'All is well.';

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

/** An agent who has taken over; `field` is where replies are written. */
async function takenOver(look = {}) {
  await order(null);
  const mark = tag();
  const customer = await Customer.arrive(browser);
  await customer.open();
  await customer.say(`Can I talk to a human please? ${mark}`);
  await customer.answered(mark);
  const agent = await Agent.signIn(browser, env.maria, look);
  await agent.open(mark);
  await agent.takeOver();
  const field = agent.page.getByRole('textbox', { name: 'Reply', exact: true });
  const press = (name) => agent.page.locator('.composer').getByRole('button', { name, exact: true }).click();
  return { customer, agent, mark, field, press, leave: async () => { await customer.close(); await agent.close(); } };
}

/** What the model server does from now on: a fault by name, or nothing special. */
const order = (kind) => fetch(`${model}/_fake/always`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ kind }) });

/** Every text that the field has shown. */
async function watched(field) {
  await field.evaluate((box) => {
    window.shown = [];
    const look = () => {
      if (window.shown.at(-1) !== box.value) window.shown.push(box.value);
      requestAnimationFrame(look);
    };
    look();
  });
  return () => field.evaluate(() => window.shown);
}

test('a draft appears word by word, is changed by the agent, and only then sent', options, async () => {
  const { customer, agent, field, press, mark, leave } = await takenOver();
  const shown = await watched(field);
  await press('Draft a reply');
  await until('the draft is whole', async () => (await field.inputValue()) === WHOLE && (await field.getAttribute('aria-busy')) === 'false');
  const steps = (await shown()).filter((text) => text !== '' && text !== WHOLE);
  assert.ok(steps.length >= 1 && steps.every((text) => WHOLE.startsWith(text)), `it grew: ${JSON.stringify(steps)}`);
  assert.match(await agent.page.locator('.composer .said').innerText(), /Before you send this\s+All is well\./);
  assert.ok((await agent.texts()).every((text) => !text.includes(WHOLE)), 'nothing was sent');
  assert.deepEqual(await axe(agent.page), []);
  await field.fill(`${WHOLE} I looked it up. ${mark}`);
  await agent.page.keyboard.press('Control+Enter');
  await customer.hears(`${WHOLE} I looked it up. ${mark}`, 'agent');
  assert.equal(await agent.page.locator('.composer .said').count(), 0);
  assert.deepEqual([...agent.caught, ...customer.caught], []);
  await leave();
});

test('a draft from a note can be undone, and stopped in the middle', options, async () => {
  const { field, press, leave, agent } = await takenOver({ colorScheme: 'dark', viewport: { width: 390, height: 800 } });
  await field.fill('offer the other payment methods');
  await press('Draft from this note');
  await until('the draft is whole', async () => (await field.inputValue()) === WHOLE);
  await press('Undo');
  assert.equal(await field.inputValue(), 'offer the other payment methods');
  await field.fill('');
  await press('Draft a reply');
  await until('words are there', async () => (await field.inputValue()) !== '');
  await press('Stop');
  await until('it has stopped', async () => (await field.getAttribute('aria-busy')) === 'false');
  const kept = await field.inputValue();
  assert.ok(kept !== '' && WHOLE.startsWith(kept), kept);
  assert.deepEqual(await axe(agent.page), []);
  await leave();
});

test('a model that fails costs the agent nothing', options, async () => {
  const { field, press, agent, leave } = await takenOver();
  await order('Unavailable503');
  await field.fill('my own words');
  await press('Draft from this note');
  const said = agent.page.locator('.composer [role="alert"]');
  await said.waitFor();
  assert.match(await said.innerText(), /language model .*(try again|yourself)/i);
  assert.equal(await field.inputValue(), 'my own words');
  await order(null);
  await leave();
});
