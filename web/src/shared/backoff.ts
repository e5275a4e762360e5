/** The longest wait between two attempts to reach the server, in milliseconds. */
export const MAX_DELAY_MS = 30_000;
const BASE_MS = 500;

/**
 * Exponential backoff with equal jitter: half of the step is fixed so that a retry is never immediate, half is
 * random so that a thousand visitors do not all return in the second the server comes back.
 *
 * `attempt` counts from 0; `random` is in [0, 1); `retryAfterMs` is the server's own wish, which always wins;
 * `limitMs` is the longest wait of this caller's own.
 */
export function backoff(attempt: number, random: number, retryAfterMs = 0, limitMs = MAX_DELAY_MS): number {
  const step = Math.min(limitMs, BASE_MS * 2 ** Math.min(attempt, 16));
  return Math.max(Math.round(step / 2 + (step / 2) * random), retryAfterMs);
}

/** Reads a Retry-After header (seconds or a date) as milliseconds from `now`; 0 when absent or nonsense. */
export function retryAfter(header: string | null, now: number): number {
  if (header === null || header.trim() === '') return 0;
  const seconds = Number(header);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - now;
  // An hour is as long as anyone can be asked to wait; more is a broken proxy.
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), 3_600_000) : 0;
}
