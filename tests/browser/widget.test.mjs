// The widget on its own: what it remembers, what it forgives, and what it weighs.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { Agent } from './support/agent.mjs';
import { env, launch, tag, until } from './support/browser.mjs';
import { Customer } from './support/customer.mjs';

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

test('a reload, and a visit on another day, find the conversation and the draft again', async () => {
  const mark = tag();
  const customer = await Customer.arrive(browser);
  await customer.open();
  await customer.say(`How do I export our data? ${mark}`);
  await customer.answered(mark);
  await customer.write('half a senten');
  const before = await customer.texts();
  await customer.page.reload();
  await customer.open();
  await until('the conversation is back', async () => JSON.stringify(await customer.texts()) === JSON.stringify(before));
  assert.equal(await customer.field.inputValue(), 'half a senten');

  const later = await Customer.arrive(browser, { storageState: await customer.context.storageState() });
  await later.open();
  await until('the conversation is back in a new window', async () => JSON.stringify(await later.texts()) === JSON.stringify(before));
  await customer.close();
  await later.close();
});

test('what is written offline is kept, shown as waiting, survives a reload and is sent once', async () => {
  const mark = tag();
  const customer = await Customer.arrive(browser, { cuttable: true });
  await customer.open();
  await customer.say(`hello ${mark}`);
  await customer.answered(mark);
  customer.proxy.cut();
  await customer.context.setOffline(true);
  await customer.notice('You are offline');
  await customer.say(`from the train ${mark}`);
  await until('it is marked as waiting', async () => (await customer.lines()).some((l) => l.text.includes('from the train') && l.fate?.includes('back online')));
  // The page is loaded again, but the desk is still out of reach.
  await customer.page.route('**/chat/v1/**', (route) => route.abort());
  await customer.page.routeWebSocket(/chat\/v1\/socket/, (socket) => socket.close());
  customer.proxy.mend();
  await customer.context.setOffline(false);
  await customer.page.reload();
  await customer.launcher.click();
  await until('it is still there', async () => (await customer.lines()).some((l) => l.text.includes('from the train') && l.seq === null));
  await customer.page.unroute('**/chat/v1/**');
  await customer.hears(`from the train ${mark}`);
  await until('nothing is left on its way', async () => (await customer.lines()).every((l) => l.fate === null));
  assert.equal((await customer.texts()).filter((t) => t.includes('from the train')).length, 1);
  await customer.close();
});

test('a message whose answer is lost is sent again under the same id, and stands once', async () => {
  const mark = tag();
  const customer = await Customer.arrive(browser, { path: '/console' });
  await customer.page.routeWebSocket(/chat\/v1\/socket/, (socket) => socket.close());
  const ids = [];
  await customer.page.route('**/chat/v1/messages', async (route) => {
    ids.push(route.request().postDataJSON().id);
    if (ids.length > 1) return route.continue();
    await route.fetch(); // the server has it, but the customer's network dies before the answer
    return route.abort('connectionreset');
  });
  await customer.page.goto(env.url);
  await customer.open();
  await customer.say(`only once ${mark}`);
  await customer.answered(mark);
  await until('nothing is left on its way', async () => (await customer.lines()).every((l) => l.fate === null));
  assert.equal((await customer.texts()).filter((t) => t.includes('only once')).length, 1);
  assert.equal(new Set(ids).size, 1, 'one id for one message');
  await customer.close();
});

test('choices are buttons, close when one is pressed, and stay closed after a reload', async () => {
  const customer = await Customer.arrive(browser);
  await customer.open();
  await customer.say('We want to cancel our subscription');
  const buttons = customer.frame.locator('.choices button');
  await until('the bot offers choices', async () => (await buttons.count()) > 1);
  await customer.frame.getByRole('button', { name: 'It costs too much' }).click();
  await customer.hears('It costs too much', 'customer');
  assert.equal(await buttons.first().isDisabled(), true);
  await customer.page.reload();
  await customer.open();
  await customer.hears('It costs too much', 'customer');
  assert.equal(await buttons.first().isDisabled(), true);
  assert.equal(await customer.frame.getByRole('button', { name: 'It costs too much' }).getAttribute('aria-pressed'), 'true');
  await customer.close();
});

test('an answer from the knowledge base names its source, and the bot says that it is a bot', async () => {
  const customer = await Customer.arrive(browser);
  await customer.open();
  await customer.say('How do I export our data?');
  await until('the bot answers', async () => (await customer.lines()).some((l) => l.from === 'bot'));
  const source = customer.frame.locator('.sources a').first();
  await source.waitFor();
  assert.equal(await source.getAttribute('rel'), 'noopener noreferrer nofollow');
  assert.equal(await source.getAttribute('target'), '_blank');
  assert.ok((await customer.frame.locator('.author .tag').count()) > 0, 'the bot is marked as one');
  await customer.frame.getByRole('button', { name: 'Yes, thank you' }).click();
  await customer.notice('resolved');
  await customer.close();
});

test('a message near the limit is counted, one over it cannot be sent', async () => {
  const customer = await Customer.arrive(browser);
  await customer.open();
  await customer.write('é'.repeat(8_000));
  await customer.frame.locator('.room', { hasText: 'characters left' }).waitFor();
  await customer.write('é'.repeat(8_200));
  await customer.frame.locator('.room.over').waitFor();
  assert.equal(await customer.frame.getByRole('button', { name: 'Send' }).isDisabled(), true);
  await customer.close();
});

test('a file is uploaded, sent and offered to the agent; a wrong one is refused in words', async () => {
  const mark = tag();
  const customer = await Customer.arrive(browser);
  await customer.open();
  const picker = customer.frame.locator('input[type=file]');
  await picker.setInputFiles({ name: 'virus.exe', mimeType: 'application/x-msdownload', buffer: Buffer.from('MZ') });
  await customer.frame.getByText('not accepted').waitFor();
  await picker.setInputFiles({ name: 'error log.txt', mimeType: 'text/plain', buffer: Buffer.from('it broke\n') });
  await until('the upload is done', async () => (await customer.frame.locator('.uploads li').count()) === 1 && (await customer.frame.locator('.uploads progress').count()) === 0);
  await customer.say(`Can I talk to a human please? ${mark}`);
  await until('the file stands in the conversation', () => customer.frame.locator('li.customer[data-seq] .file', { hasText: 'error log.txt' }).count());
  const agent = await Agent.signIn(browser, env.maria);
  await agent.open(mark);
  const link = agent.page.locator('.timeline .file-link', { hasText: 'error log.txt' });
  await link.waitFor();
  const [download] = await Promise.all([agent.page.waitForEvent('download'), link.click()]);
  assert.equal(download.suggestedFilename(), 'error log.txt');
  await customer.close();
  await agent.close();
});

test('an ended session begins anew without a word lost', async () => {
  const mark = tag();
  const customer = await Customer.arrive(browser, { path: '/console' });
  await customer.page.evaluate(() => { localStorage.clear(); localStorage.setItem('deskhand:token', 'no-such-token'); });
  await customer.page.goto(env.url);
  await customer.open();
  await customer.say(`still works ${mark}`);
  await customer.answered(mark);
  await customer.close();
});

test('the token is never part of an address', async () => {
  const customer = await Customer.arrive(browser);
  await customer.open();
  await customer.say('hello');
  await customer.answered('hello');
  const state = await customer.context.storageState();
  const token = state.origins.flatMap((o) => o.localStorage).find((e) => e.name === 'deskhand:token')?.value;
  assert.ok(token && token.length > 16);
  const sockets = await customer.page.evaluate(() => performance.getEntriesByType('resource').map((e) => e.name));
  assert.deepEqual([...customer.requests, ...sockets].filter((url) => url.includes(token) || decodeURIComponent(url).includes(token)), []);
  await customer.close();
});

test('the launcher tells of news while the chat is closed', async () => {
  const mark = tag();
  const customer = await Customer.arrive(browser);
  await customer.open();
  await customer.say(`Can I talk to a human please? ${mark}`);
  await customer.answered(mark);
  await customer.field.press('Escape');
  await until('the panel is closed', async () => (await customer.launcher.getAttribute('aria-expanded')) === 'false');
  const agent = await Agent.signIn(browser, env.maria);
  await agent.open(mark);
  await agent.takeOver();
  await agent.reply(`news ${mark}`);
  await until('the launcher counts it', async () => /unread/.test((await customer.launcher.getAttribute('aria-label')) ?? ''));
  await customer.launcher.click();
  await customer.hears(`news ${mark}`);
  await until('it is read', async () => !/unread/.test((await customer.launcher.getAttribute('aria-label')) ?? ''));
  await customer.close();
  await agent.close();
});

test('Arabic runs from right to left, in the launcher and in the chat', async () => {
  const customer = await Customer.arrive(browser, { path: '/console' });
  await customer.page.route('**/arabic-site', (route) =>
    route.fulfill({ contentType: 'text/html', body: '<!doctype html><html lang="ar" dir="rtl"><title>موقع</title><body><script src="/widget.js" async></script></body></html>' }));
  await customer.page.goto(`${env.url}/arabic-site`);
  await customer.open();
  assert.equal(await customer.frame.locator('html').getAttribute('dir'), 'rtl');
  assert.equal(await customer.frame.locator('html').getAttribute('lang'), 'ar');
  const box = await customer.launcher.boundingBox();
  assert.ok(box.x < 200, 'the launcher stands on the left');
  await customer.close();
});

test('loader, page and every asset of the widget weigh under 30 kB gzip', async () => {
  const { request } = await browser.newContext();
  const body = async (path) => Buffer.from(await (await request.get(env.url + path)).body());
  const files = new Map([['/widget.js', await body('/widget.js')], ['/widget/', await body('/widget/')]]);
  const queue = [...String(files.get('/widget/')).matchAll(/(?:src|href)="\.\/(assets\/[^"]+)"/g)].map((m) => m[1]);
  assert.ok(queue.length >= 2, 'the page names its script and style');
  while (queue.length > 0) {
    const path = `/widget/${queue.pop()}`;
    if (files.has(path)) continue;
    files.set(path, await body(path));
    for (const [, name] of String(files.get(path)).matchAll(/["'`]\.?\/?(?:assets\/)?([\w-]+-[\w-]{8}\.(?:js|css))["'`]/g)) queue.push(`assets/${name}`);
  }
  const total = [...files.values()].reduce((sum, bytes) => sum + gzipSync(bytes, { level: 9 }).length, 0);
  assert.ok(files.size >= 8, `all parts were found, languages too (${[...files.keys()]})`);
  assert.ok(total < 30_000, `${total} bytes`);
});

test('a signed identity makes the customer known by name', { skip: process.env.DESKHAND_IDENTITY_SECRET ? false : 'DESKHAND_IDENTITY_SECRET is not set' }, async () => {
  const mark = tag();
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const body = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: `user-${mark}`, name: `Ida ${mark}`, email: 'ida@site.example', exp: Math.floor(Date.now() / 1000) + 600 })}`;
  const jwt = `${body}.${createHmac('sha256', process.env.DESKHAND_IDENTITY_SECRET).update(body).digest('base64url')}`;
  for (const [identity, known] of [[jwt, true], [`${jwt.slice(0, -6)}AAAAAA`, false]]) {
    const words = tag();
    const customer = await Customer.arrive(browser, { path: '/console' });
    await customer.page.route('**/signed-site', (route) =>
      route.fulfill({ contentType: 'text/html', body: `<!doctype html><html lang="en"><title>Site</title><body><script src="/widget.js" data-identity="${identity}" async></script></body></html>` }));
    await customer.page.goto(`${env.url}/signed-site`);
    await customer.open();
    await customer.say(`Can I talk to a human please? ${words}`);
    await customer.answered(words);
    const agent = await Agent.signIn(browser, env.maria);
    await agent.open(words);
    const name = await agent.page.locator('.talk-head h2').innerText();
    assert.equal(name.includes(`Ida ${mark}`) && name.includes('verified'), known, `shown as "${name}"`);
    await customer.close();
    await agent.close();
  }
});
