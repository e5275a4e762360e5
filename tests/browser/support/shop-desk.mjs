// A desk that has a shop (`DESK=shop scripts/with-desk.sh`): told what to answer, asked what it took.
import { env, until } from './browser.mjs';

export const shop = process.env.SHOP ?? '';
/** For tests that need it: why they are skipped without. */
export const skip = shop === '' ? 'SHOP is not set: run DESK=shop scripts/with-desk.sh' : false;

export async function answers(change) {
  const answer = await fetch(`${shop}/control`, { method: 'PUT', body: JSON.stringify(change) });
  return answer.json();
}

export async function took() {
  return (await fetch(`${shop}/control`)).json();
}

/** The playbook by that name, run from the dialog of the open conversation with these values, by label. */
export async function run(agent, name, values) {
  const dialog = await openDialog(agent);
  await dialog.getByRole('radio', { name }).first().check();
  for (const [label, value] of Object.entries(values)) {
    const field = dialog.getByLabel(label);
    if (typeof value === 'boolean') await field.setChecked(value);
    else if ((await field.evaluate((it) => it.tagName)) === 'SELECT') await field.selectOption(value);
    else await field.fill(value);
  }
  await dialog.getByRole('button', { name: 'Run', exact: true }).click();
  return dialog;
}

export async function openDialog(agent) {
  await agent.page.locator('.talk-head').getByRole('button', { name: 'Run a playbook' }).click();
  const dialog = agent.page.getByRole('dialog', { name: 'Run a playbook' });
  await dialog.getByRole('radio').first().waitFor();
  return dialog;
}

/** Goes to a page by its link, as an agent does. */
export async function goTo(agent, link, heading = link) {
  await agent.page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: link }).click();
  await agent.page.getByRole('heading', { name: heading, level: 1 }).waitFor();
}

/** What is wanted for a look by eye: `SCREENSHOTS=folder`. */
export async function shot(page, name) {
  if (!process.env.SCREENSHOTS) return;
  await page.waitForTimeout(400);
  await page.screenshot({ path: `${process.env.SCREENSHOTS}/${name}.png` });
}

/** Waits until something other than this page has happened. */
export function eventually(what, probe) {
  return until(what, probe, 45_000);
}

export const api = (path) => `${env.url}/api/v1${path}`;
