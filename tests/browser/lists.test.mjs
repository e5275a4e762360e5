// Lists with many rows of hostile and endless text: read page by page, on every screen, and when a page does not come.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Agent } from './support/agent.mjs';
import { axe, env, launch, until } from './support/browser.mjs';
import { payloads } from './support/payloads.mjs';
import { shot } from './support/shop-desk.mjs';

let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

const at = new Date().toISOString();
const hostile = (n) => (n % 9 === 0 ? 'Endlessword'.repeat(30) : payloads[(n * 7) % payloads.length]);
const row = (n) => ({ id: crypto.randomUUID(), seq: 1, channel: 'web', state: 'bot', customer: { id: `c${n}`, name: hostile(n + 1), email: null, tier: null, company: null, verified: false }, preview: null, intent: null, intent_name: null, urgency: 'low', sentiment: 'neutral', priority: 'normal', team: null, assignee: null, waiting_since: null, due: null, tags: [], created_at: at, updated_at: at });
const act = (n, status) => ({ turned_down: status !== 'done', about: n % 2 ? hostile(n) : null, event: { seq: n, at, type: 'act', act: 'act', status, text: hostile(n + 2), ticket: null, effect: null } });

const LISTS = {
  approvals: { path: '**/api/v1/approvals*', of: (n) => ({ approval: { id: n, title: hostile(n), details: '', team: { id: 't', name: hostile(n) }, editable: {}, until: at }, conversation: row(n) }), rows: 'tbody tr' },
  letters: { path: '**/api/v1/letters*', of: (n) => ({ id: `l${n}`, kind: ['mirror', 'comment', 'tell', 'act'][n % 4], what: hostile(n), details: `order: ${hostile(n)}`, to: hostile(n + 3), cause: hostile(n + 4), attempts: 8, conversation: row(n).id, asked_at: at, died_at: at, behind: n % 3 }), rows: 'tbody tr' },
  automation: { path: '**/api/v1/activity*', of: (n) => ({ conversation: row(n), deeds: [act(n * 3, 'done'), act(n * 3 + 1, 'failed'), act(n * 3 + 2, 'uncertain')] }), rows: '.activity > li' },
};

for (const [name, look] of [['light', {}], ['on a phone', { viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true, colorScheme: 'dark' }], ['right to left', {}]]) {
  test(`many rows, ${name}: shown as text, page by page; a page that does not come can be asked for again`, { timeout: 180_000 }, async () => {
    const agent = await Agent.signIn(browser, env.maria, look);
    const { page } = agent;
    for (const [list, { path, of, rows }] of Object.entries(LISTS)) {
      let broken = false;
      const all = Array.from({ length: 80 }, (_, n) => of(n + 1));
      await page.route(path, (route) => {
        const asked = new URL(route.request().url()).searchParams;
        const [from, limit] = [Number(asked.get('cursor') ?? 0), list === 'automation' ? 50 : Number(asked.get('limit'))];
        if (from > 0 && broken) return route.fulfill({ status: 503, json: { status: 503, code: 'unavailable', title: 'Unavailable', detail: 'The database did not answer.' } });
        const items = all.slice(from, from + limit);
        return route.fulfill({ json: { items, next: from + limit < all.length ? String(from + limit) : null } });
      });
      await page.goto(`${env.url}/console/${list}`);
      await until('the first page is there', async () => (await page.locator(rows).count()) === 50);
      if (name === 'right to left') await page.evaluate(() => (document.documentElement.dir = 'rtl'));
      await shot(page, `many-${list}-${name.replaceAll(' ', '-')}`);
      assert.deepEqual(await axe(page), [], list);
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${list} is not wider than the screen`);
      assert.ok(await page.locator('.table-scroll').evaluate((it) => it.scrollWidth <= it.clientWidth), `${list}: nothing is cut off`);
      const foreign = await page.locator('main').evaluate((main) => [...main.querySelectorAll('script, img, iframe, object, embed, style, video, math')].length);
      assert.equal(foreign, 0, `${list}: what others wrote is text`);
      broken = true;
      await page.getByRole('button', { name: 'Show more' }).click();
      await page.getByRole('alert').waitFor();
      assert.match(await page.getByRole('alert').innerText(), /did not answer/);
      assert.equal(await page.locator(rows).count(), 50, 'what was there stays');
      broken = false;
      await page.getByRole('button', { name: 'Show more' }).click();
      await until('the second page stands below', async () => (await page.locator(rows).count()) === 80);
      assert.equal(await page.getByRole('button', { name: 'Show more' }).count(), 0);
      await page.unrouteAll({ behavior: 'wait' });
    }
    assert.deepEqual(agent.caught, []);
    await agent.close();
  });
}

test('where the first pages hold nothing of what is looked for, one can look further back', async () => {
  const agent = await Agent.signIn(browser, env.maria);
  const { page } = agent;
  await page.route(LISTS.automation.path, (route) => {
    const at = /cursor=(\w+)/.exec(route.request().url())?.[1];
    return route.fulfill({ json: at === 'b' ? { items: [LISTS.automation.of(1)], next: null } : { items: [], next: at === 'a' ? 'b' : 'a' } });
  });
  await page.goto(`${env.url}/console/automation`);
  for (let i = 0; i < 2; i += 1) {
    await page.getByText('Nothing so far').waitFor();
    if (i === 0) assert.deepEqual(await axe(page), []);
    const read = page.waitForResponse((answer) => answer.url().includes('cursor='));
    await page.getByRole('button', { name: 'Look further back' }).click();
    await read;
  }
  await until('it is found', async () => (await page.locator('.activity > li').count()) === 1);
  await page.unrouteAll({ behavior: 'wait' });
  assert.deepEqual(agent.caught, []);
  await agent.close();
});
