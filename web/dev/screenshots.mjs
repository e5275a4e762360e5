// Retakes docs/images from a running desk: DESKHAND_URL and the agents' credentials as for the browser tests, then
// `npm run screenshots`. Against the mock: `node dev/with-mock.mjs node dev/screenshots.mjs`.
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Agent } from '../../tests/browser/support/agent.mjs';
import { env, launch, until } from '../../tests/browser/support/browser.mjs';
import { Customer } from '../../tests/browser/support/customer.mjs';

const out = fileURLToPath(new URL('../../docs/images/', import.meta.url));
await mkdir(out, { recursive: true });
const browser = await launch();
const sharp = { deviceScaleFactor: 1.5 };

/** A customer with a name, who has said `text` and been answered. */
async function named(name, email, lines) {
  const api = (await browser.newContext()).request;
  const opened = await (await api.post(`${env.url}/chat/v1/sessions`, { data: { locale: 'en', page: 'https://harbor.example/pricing', form: { name, email } } })).json();
  const customer = await Customer.arrive(browser, { path: '/console', viewport: { width: 1280, height: 800 }, ...sharp });
  await customer.page.evaluate((token) => { localStorage.clear(); localStorage.setItem('deskhand:token', token); }, opened.token);
  await customer.page.goto(env.url);
  await customer.open();
  for (const line of lines) {
    await customer.say(line);
    await customer.answered(line);
  }
  return { customer, conversation: await until('the desk knows the conversation', async () => {
    const session = await (await api.post(`${env.url}/chat/v1/sessions`, { headers: { Authorization: `Bearer ${opened.token}` }, data: { locale: 'en' } })).json();
    return session.conversation?.id;
  }) };
}

async function shot(page, name) {
  await page.waitForTimeout(600); // fonts, and the end of a transition
  await page.screenshot({ path: `${out}${name}.png` });
  console.log(`docs/images/${name}.png`);
}

// The widget: a question answered from the help pages, with its source.
const { customer: widget } = await named('Yuki Tanaka', 'yuki.tanaka@hoshi-creative.example.com', ['Where can I find my invoices?']);
await shot(widget.page, 'widget');
await widget.close();

// The console: the two messages every desk gets on a bad Monday.
const others = [];
others.push(await named('Sofia Almeida', 'sofia.almeida@almeida-arq.example.com', ['I was charged twice and nobody answered my previous email.']));
others.push(await named('Liam O’Brien', 'liam.obrien@obrienlegal.example.com', ['Can I talk to a human about our contract please?']));
const urgent = await named('Tomáš Novák', 'tomas.novak@novakdev.example.com', ['Hi, I can’t access my account. I have a client demo in 30 minutes and I need this fixed urgently.']);
for (const [name, look] of [['console', { colorScheme: 'light' }], ['console-dark', { colorScheme: 'dark' }]]) {
  const agent = await Agent.signIn(browser, env.maria, { viewport: { width: 1440, height: 900 }, ...sharp, ...look });
  await agent.page.goto(`${env.url}/console/queue/${urgent.conversation}`);
  await agent.page.locator('.why .verdict').waitFor();
  if (name === 'console-dark') {
    await agent.takeOver();
    await agent.reply('Hi Tomáš, Maria here. I am unlocking your account right now.');
    await agent.sees('unlocking your account');
    await agent.page.getByRole('textbox', { name: 'Reply', exact: true }).fill('You can sign in again. Good luck with the demo!');
  }
  await shot(agent.page, name);
  await agent.close();
}

// A phone: the queue.
const phone = await Agent.signIn(browser, env.ben, { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 });
await phone.page.locator('a.row').first().waitFor();
await shot(phone.page, 'phone');
await phone.close();
for (const { customer } of [...others, urgent]) await customer.close();
await browser.close();
