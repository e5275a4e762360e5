// A customer at the widget of the sample page.
import { env, newPage, until } from './browser.mjs';

export class Customer {
  static async arrive(browser, options = {}) {
    const { path = '/', ...rest } = options;
    const it = new Customer(await newPage(browser, rest));
    await it.page.goto(env.url + path);
    return it;
  }

  constructor(opened) {
    Object.assign(this, opened);
    this.frame = this.page.frameLocator('deskhand-chat iframe');
    this.field = this.frame.locator('.composer textarea');
    this.launcher = this.page.locator('deskhand-chat button');
  }

  async open() {
    await this.launcher.click();
    await this.field.waitFor();
    await until('the widget has its session', () => this.frame.locator('.greeting').count());
    return this;
  }

  async write(text) {
    await this.field.fill(text);
  }

  async say(text) {
    await this.write(text);
    await this.field.press('Enter');
  }

  /** The conversation as it stands on the screen: who said what, in order. Messages on their way are marked so. */
  lines() {
    return this.frame.locator('ol.lines > li:not(.divider)').evaluateAll((items) =>
      items.map((li) => ({
        from: ['customer', 'bot', 'agent', 'system'].find((c) => li.classList.contains(c)),
        text: (li.querySelector('.bubble') ?? li.querySelector('p'))?.innerText.trim() ?? '',
        seq: li.dataset.seq === undefined ? null : Number(li.dataset.seq),
        author: li.querySelector('.author bdi')?.textContent ?? null,
        fate: li.querySelector('.fate')?.innerText.trim() ?? null,
      })),
    );
  }

  async texts() {
    return (await this.lines()).map((l) => l.text);
  }

  /** Waits for a line that holds `text`, from `from` where given. */
  hears(text, from) {
    return until(`the customer sees "${text}"`, async () => (await this.lines()).find((l) => l.text.includes(text) && l.seq !== null && (!from || l.from === from)));
  }

  /** Waits until the bot has said anything after the customer's line that holds `text`. */
  answered(text) {
    return until(`the bot answers "${text}"`, async () => {
      const lines = await this.lines();
      const at = lines.findIndex((l) => l.from === 'customer' && l.text.includes(text) && l.seq !== null);
      return at >= 0 && lines.slice(at + 1).find((l) => l.from === 'bot');
    });
  }

  notice(text) {
    return until(`the widget says "${text}"`, async () => (await this.frame.locator('.notice').innerText({ timeout: 500 })).includes(text));
  }

  status() {
    return this.frame.locator('header .who p').innerText();
  }
}
