import { onDestroy } from 'svelte';
import { desk } from './desk.svelte';

const EVERY_MS = 2_000;

/**
 * Reads something again after conversations have changed: what they are about may have been settled, or be new. A busy
 * desk changes all the time, so at most every two seconds. For the setup of a component.
 */
export function refreshing(load: () => Promise<void>): void {
  let timer = 0;
  let first = true;
  $effect(() => {
    void desk.items;
    if (first) {
      first = false;
      return;
    }
    if (timer !== 0) return;
    timer = window.setTimeout(() => {
      timer = 0;
      void load();
    }, EVERY_MS);
  });
  onDestroy(() => clearTimeout(timer));
}
