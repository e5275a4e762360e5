// One Chromium for a test file, and pages that notice everything a hostile text could do.
import { createRequire } from 'node:module';
import { startProxy } from './proxy.mjs';

const require = createRequire(new URL('../../../web/package.json', import.meta.url));
const { chromium } = require('playwright-core');
const { AxeBuilder } = require('@axe-core/playwright');

/** Where the desk is and who works there; a missing setting is said plainly instead of failing somewhere deep. */
export const env = {
  url: needed('DESKHAND_URL').replace(/\/$/, ''),
  maria: { email: needed('DESKHAND_AGENT_EMAIL'), password: needed('DESKHAND_AGENT_PASSWORD') },
  ben: { email: needed('DESKHAND_AGENT2_EMAIL'), password: needed('DESKHAND_AGENT2_PASSWORD') },
};

function needed(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set. See tests/browser/README.md, or run "npm --prefix web run test:browser:mock".`);
  return value;
}

export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--headless', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
}

/**
 * A page with traps. `caught` collects dialogs, uncaught errors, violations of the content security policy and requests to
 * other hosts; a test that is done with a page asserts that it is empty.
 */
export async function newPage(browser, { cuttable = false, ...options } = {}) {
  const proxy = cuttable ? await startProxy() : null;
  const context = await browser.newContext({
    viewport: { width: 1360, height: 860 }, locale: 'en-US', ...options,
    ...(proxy && { proxy: { server: proxy.server, bypass: '<-loopback>' } }),
  });
  const caught = [];
  const requests = [];
  await context.exposeBinding('__caught', (_, what) => caught.push(what));
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (e) => window.__caught(`csp: ${e.violatedDirective} ${e.blockedURI}`));
    window.pwned = (what) => window.__caught(`script: ${what}`);
  });
  const page = await context.newPage();
  page.on('dialog', (dialog) => {
    if (dialog.type() !== 'beforeunload') caught.push(`dialog: ${dialog.message()}`);
    void dialog.accept().catch(() => undefined);
  });
  page.on('pageerror', (error) => caught.push(`error: ${error.message}`));
  page.on('request', (request) => {
    requests.push(request.url());
    const { protocol, host } = new URL(request.url());
    if (protocol.startsWith('http') && host !== new URL(env.url).host) caught.push(`request: ${request.url()}`);
  });
  return { page, context, caught, requests, proxy, close: async () => { await context.close(); await proxy?.stop(); } };
}

/** Waits until `probe` gives something truthy. The time is generous: a test fails on what is wrong, not on a slow machine. */
export async function until(what, probe, ms = 20_000) {
  const end = Date.now() + ms;
  let last;
  for (;;) {
    try {
      last = await probe();
      if (last) return last;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) throw new Error(`Waited in vain until ${what}. Last seen: ${last instanceof Error ? last.message : JSON.stringify(last)}`);
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
}

/** Rules of WCAG 2.2 A and AA that this page breaks, as readable lines. Frames are looked into as well. */
export async function axe(page) {
  const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']).analyze();
  return violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target.flat(3).join(' ')} — ${n.failureSummary?.split('\n')[1]?.trim() ?? v.help}`));
}

let count = 0;
/** A word nobody else writes, to find a conversation by. */
export function tag() {
  count += 1;
  return `zq${Date.now().toString(36)}${count}`;
}
