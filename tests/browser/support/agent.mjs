// An agent at the console.
import { env, newPage, until } from './browser.mjs';

/** One sign-in per person and test file: a desk rightly slows down who signs in all the time. */
const cookies = new Map();

export class Agent {
  static async signIn(browser, who, options = {}) {
    const it = new Agent(await newPage(browser, options));
    if (cookies.has(who.email)) await it.context.addCookies(cookies.get(who.email));
    await it.page.goto(`${env.url}/console`);
    if (cookies.has(who.email)) return it.#ready();
    await it.page.getByLabel('E-mail').fill(who.email);
    await it.page.getByLabel('Password').fill(who.password);
    await it.page.getByRole('button', { name: 'Sign in' }).click();
    await it.#ready();
    cookies.set(who.email, await it.context.cookies());
    return it;
  }

  async #ready() {
    await this.page.getByRole('heading', { name: 'Queue', level: 1 }).waitFor();
    this.name = await this.page.evaluate(async () => (await (await fetch('/api/v1/session')).json()).user.name);
    return this;
  }

  constructor(opened) {
    Object.assign(this, opened);
  }

  /** Opens the one conversation in which somebody wrote `tag`. */
  async open(tag) {
    await this.page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: /^All/ }).click();
    const answered = this.page.waitForResponse((response) => response.url().includes(`q=${tag}`));
    await this.page.getByLabel('Search conversations').fill(tag);
    await answered;
    const row = this.page.locator('a.row');
    await until(`one conversation is found by "${tag}"`, async () => (await row.count()) === 1);
    await row.click();
    await until(`the conversation with "${tag}" is shown`, async () => (await this.texts()).some((t) => t.includes(tag)));
    return this;
  }

  async takeOver() {
    await this.page.locator('.talk-head').getByRole('button', { name: 'Take over' }).click();
    await this.state('With you');
    return this;
  }

  state(text) {
    return until(`the conversation is "${text}"`, async () => (await this.page.locator('.talk-head .chip').innerText({ timeout: 500 })).includes(text));
  }

  async reply(text) {
    await this.page.getByRole('textbox', { name: 'Reply', exact: true }).fill(text);
    await this.page.keyboard.press('Control+Enter');
  }

  async note(text) {
    await this.page.getByRole('radio', { name: 'Internal note' }).check({ force: true });
    await this.page.getByRole('textbox', { name: 'Internal note' }).fill(text);
    await this.page.keyboard.press('Control+Enter');
  }

  /** The messages of the open conversation in order; those on their way have no seq. */
  lines() {
    return this.page.locator('.timeline li.msg, .timeline li.mark.system').evaluateAll((items) =>
      items.map((li) => ({
        from: ['customer', 'bot', 'agent', 'system'].find((c) => li.classList.contains(c)),
        text: (li.querySelector('.bubble') ?? li.querySelector('span'))?.innerText.replace('To the customer: ', '').trim() ?? '',
        seq: li.dataset.seq === undefined ? null : Number(li.dataset.seq),
        fate: li.querySelector('.fate')?.innerText.trim() ?? null,
      })),
    );
  }

  async texts() {
    return (await this.lines()).map((l) => l.text);
  }

  sees(text, from) {
    return until(`${this.name} sees "${text}"`, async () => (await this.lines()).find((l) => l.text.includes(text) && (!from || l.from === from)));
  }

  toast(text) {
    return until(`a message says "${text}"`, async () => (await this.page.locator('.toasts').innerText()).includes(text));
  }
}
