// A customer and an agent at once: what one writes the other reads, in one order, whatever the network does.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Agent } from './support/agent.mjs';
import { env, launch, tag, until } from './support/browser.mjs';
import { Customer } from './support/customer.mjs';

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

/** Both sides show the same spoken lines in the same order, each once and none still on its way. */
async function agree(customer, agent, expected) {
  const spoken = (lines) => lines.filter((l) => ['customer', 'bot', 'agent'].includes(l.from)).map((l) => `${l.from}: ${l.text}`);
  let left;
  let right;
  const seen = await until('both sides show the same conversation', async () => {
    [left, right] = [await customer.lines(), await agent.lines()];
    if ([...left, ...right].some((l) => l.fate !== null)) return false;
    const [a, b] = [spoken(left), spoken(right)];
    return JSON.stringify(a) === JSON.stringify(b) && expected.every((text) => a.some((line) => line.includes(text))) && left;
  }).catch((error) => assert.fail(`${error.message}\ncustomer: ${JSON.stringify(left)}\nagent: ${JSON.stringify(right)}`));
  const seqs = seen.filter((l) => l.seq !== null).map((l) => l.seq);
  assert.deepEqual(seqs, [...seqs].sort((a, b) => a - b), 'lines stand in the order of their seq');
  for (const text of expected) assert.equal(seen.filter((l) => l.text.includes(text)).length, 1, `"${text}" stands exactly once`);
  return spoken(seen);
}

async function handedOver(options = {}) {
  const mark = tag();
  const customer = await Customer.arrive(browser, options.customer);
  await customer.open();
  await customer.say(`Can I talk to a human please? ${mark}`);
  await customer.answered(mark);
  const agent = await Agent.signIn(browser, env.maria, options.agent);
  await agent.open(mark);
  await agent.takeOver();
  return { customer, agent, mark };
}

test('the network between them is cut: both write on, and afterwards both have one ordered conversation', async () => {
  const { customer, agent, mark } = await handedOver({ customer: { cuttable: true } });
  await until('the customer is told who is there', async () => (await customer.status()).includes(agent.name));
  await customer.say(`before the cut ${mark}`);
  await agent.sees(`before the cut ${mark}`, 'customer');
  await agent.reply(`I am with you ${mark}`);
  await customer.hears(`I am with you ${mark}`, 'agent');

  customer.proxy.cut();
  await customer.say(`written in the tunnel 1 ${mark}`);
  await customer.say(`written in the tunnel 2 ${mark}`);
  await agent.reply(`answered meanwhile 1 ${mark}`);
  await agent.reply(`answered meanwhile 2 ${mark}`);
  await agent.sees(`answered meanwhile 2 ${mark}`, 'agent');
  const waiting = (await customer.lines()).filter((l) => l.fate !== null);
  assert.equal(waiting.length, 2, 'both messages are shown as not sent yet');
  await customer.notice('Connection lost');

  customer.proxy.mend();
  const order = await agree(customer, agent, [
    `before the cut ${mark}`, `I am with you ${mark}`, `written in the tunnel 1 ${mark}`, `written in the tunnel 2 ${mark}`, `answered meanwhile 1 ${mark}`, `answered meanwhile 2 ${mark}`,
  ]);
  assert.ok(order.findIndex((l) => l.includes('tunnel 1')) < order.findIndex((l) => l.includes('tunnel 2')), 'the order written is the order kept');
  assert.deepEqual([...customer.caught, ...agent.caught], []);
  await customer.close();
  await agent.close();
});

test('the agent’s network is cut: the reply waits, says so, and is sent once', async () => {
  const { customer, agent, mark } = await handedOver({ agent: { cuttable: true } });
  agent.proxy.cut();
  await agent.reply(`typed while cut off ${mark}`);
  await until('the reply is shown as not sent', async () => (await agent.lines()).some((l) => l.text.includes('typed while cut off') && /Not sent yet|Sending/.test(l.fate ?? '')));
  await customer.say(`are you still there? ${mark}`);
  await until('the banner tells of the lost connection', () => agent.page.locator('.offline-bar').count());
  agent.proxy.mend();
  await agree(customer, agent, [`typed while cut off ${mark}`, `are you still there? ${mark}`]);
  assert.deepEqual([...customer.caught, ...agent.caught], []);
  await customer.close();
  await agent.close();
});

test('the line drops again and again while messages are sent: none is lost, doubled or out of order', async () => {
  const { customer, agent, mark } = await handedOver({ customer: { cuttable: true } });
  const sent = [];
  for (let i = 1; i <= 8; i += 1) {
    if (i % 2 === 0) customer.proxy.cut();
    const text = `message ${i} of eight ${mark}`;
    sent.push(text);
    await customer.say(text);
    if (i % 2 === 0) {
      await agent.reply(`reply ${i} ${mark}`);
      customer.proxy.mend();
    }
  }
  const order = await agree(customer, agent, [...sent, ...[2, 4, 6, 8].map((i) => `reply ${i} ${mark}`)]);
  assert.deepEqual(order.filter((l) => l.includes('of eight')).map((l) => l.replace('customer: ', '')), sent);
  await customer.close();
  await agent.close();
});

test('where WebSockets do not get through, long polling carries the same conversation', async () => {
  const mark = tag();
  const customer = await Customer.arrive(browser, { path: '/console' });
  await customer.page.routeWebSocket(/chat\/v1\/socket/, (socket) => socket.close());
  await customer.page.goto(env.url);
  await customer.open();
  await customer.say(`Can I talk to a human please? ${mark}`);
  await customer.answered(mark);
  assert.ok(customer.requests.some((url) => url.includes('/chat/v1/events?')), 'events were polled');
  const agent = await Agent.signIn(browser, env.maria);
  await agent.open(mark);
  await agent.takeOver();
  await agent.reply(`hello by poll ${mark}`);
  await customer.hears(`hello by poll ${mark}`, 'agent');
  await customer.say(`and back ${mark}`);
  await agree(customer, agent, [`hello by poll ${mark}`, `and back ${mark}`]);
  await customer.close();
  await agent.close();
});

test('a takeover makes the bot mute and tells the customer who is there; handing back wakes it', async () => {
  const { customer, agent, mark } = await handedOver();
  await until('the header names the agent', async () => (await customer.status()).includes(agent.name));
  await until('a line names the agent', async () => (await customer.lines()).some((l) => l.from !== 'customer' && l.text.includes(agent.name.split(' ')[0])));
  const mutedFrom = (await customer.lines()).at(-1).seq;
  await customer.say(`How do I export our data? ${mark}`);
  await agent.sees(`How do I export our data? ${mark}`);
  await agent.reply(`I will show you ${mark}`);
  await customer.hears(`I will show you ${mark}`, 'agent');
  const since = (await customer.lines()).filter((l) => l.seq > mutedFrom);
  assert.deepEqual(since.filter((l) => l.from === 'bot'), [], 'the bot says nothing while a human is there');

  await agent.page.getByRole('button', { name: 'Hand back to the bot' }).click();
  await agent.state('With the bot');
  const again = tag();
  await customer.say(`How do I export our data? ${again}`);
  await customer.answered(again);
  await customer.close();
  await agent.close();
});

test('two agents take over at the same moment: one has it, the other is told who', async () => {
  const mark = tag();
  const customer = await Customer.arrive(browser);
  await customer.open();
  await customer.say(`Can I talk to a human please? ${mark}`);
  await customer.answered(mark);
  const [maria, ben] = await Promise.all([Agent.signIn(browser, env.maria), Agent.signIn(browser, env.ben)]);
  await Promise.all([maria.open(mark), ben.open(mark)]);
  const press = (agent) => agent.page.locator('.talk-head').getByRole('button', { name: 'Take over' }).click({ noWaitAfter: true });
  // Both requests leave before either agent's screen can learn of the other's.
  await Promise.all([maria, ben].map((a) => a.page.route('**/takeover', async (route) => { await new Promise((r) => setTimeout(r, 300)); await route.continue(); })));
  await Promise.all([press(maria), press(ben)]);
  const states = await until('both screens agree on who has it', async () => {
    const chips = await Promise.all([maria, ben].map((a) => a.page.locator('.talk-head .chip').innerText()));
    return chips.filter((c) => c === 'With you').length === 1 && chips.every((c) => c.startsWith('With ')) && chips;
  });
  const [winner, loser] = states[0] === 'With you' ? [maria, ben] : [ben, maria];
  await loser.toast(winner.name);
  await loser.state(`With ${winner.name}`);
  await until('the customer sees the winner', async () => (await customer.status()).includes(winner.name));
  for (const it of [customer, maria, ben]) await it.close();
});

test('internal notes stay inside', async () => {
  const { customer, agent, mark } = await handedOver();
  await agent.note(`only for us ${mark}`);
  await until('the note stands in the timeline', () => agent.page.locator('.timeline li.note:not(.pending)', { hasText: `only for us ${mark}` }).count());
  await agent.page.getByText('Reply', { exact: true }).click();
  await agent.reply(`for everyone ${mark}`);
  await customer.hears(`for everyone ${mark}`);
  assert.ok(!(await customer.texts()).some((t) => t.includes('only for us')), 'the customer sees no note');
  await customer.close();
  await agent.close();
});

test('resolving asks for a rating, and writing again brings the conversation back', async () => {
  const { customer, agent, mark } = await handedOver();
  await agent.page.getByRole('button', { name: 'Resolve' }).click();
  await agent.state('Resolved');
  await customer.notice('resolved');
  await customer.frame.getByText('4 out of 5').click({ force: true });
  await customer.frame.getByPlaceholder('Anything to add?').fill(`quick and kind ${mark}`);
  await customer.frame.getByRole('button', { name: 'Send rating' }).click();
  await customer.notice('Thank you');
  const again = tag();
  await customer.say(`one more thing ${again}`);
  await until('the conversation is open again', async () => !(await agent.page.locator('.talk-head .chip').innerText()).includes('Resolved'));
  await customer.close();
  await agent.close();
});

test('typing shows on the other side', async () => {
  const { customer, agent } = await handedOver();
  await customer.field.pressSequentially('I was wonder', { delay: 30 });
  await until('the agent sees that the customer types', async () => (await agent.page.locator('.is-typing').innerText()).includes('typing'));
  await agent.page.getByRole('textbox', { name: 'Reply', exact: true }).pressSequentially('Let me loo', { delay: 30 });
  await until('the customer sees that the agent types', () => customer.frame.locator('.typing').count());
  await customer.close();
  await agent.close();
});
