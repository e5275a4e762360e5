const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A span for a narrow column: "now", "4m", "2h 10m", "3d". */
export function span(ms: number): string {
  if (!Number.isFinite(ms) || ms < MINUTE) return 'now';
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)}m`;
  if (ms < DAY) {
    const minutes = Math.floor((ms % HOUR) / MINUTE);
    const hours = Math.floor(ms / HOUR);
    return minutes === 0 || hours >= 6 ? `${hours}h` : `${hours}h ${minutes}m`;
  }
  return `${Math.floor(ms / DAY)}d`;
}

/** A span in words, for a tooltip or a screen reader: "4 minutes". */
export function spanWords(ms: number): string {
  const [value, unit] =
    ms < MINUTE ? [0, ''] : ms < HOUR ? [Math.floor(ms / MINUTE), 'minute'] : ms < DAY ? [Math.floor(ms / HOUR), 'hour'] : [Math.floor(ms / DAY), 'day'];
  return unit === '' ? 'less than a minute' : `${value} ${unit}${value === 1 ? '' : 's'}`;
}

export function clock(at: string): string {
  return new Date(at).toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' });
}

/** "Today", "Yesterday" or the date. */
export function dayName(at: string, now: number): string {
  const date = new Date(at);
  if (date.toDateString() === new Date(now).toDateString()) return 'Today';
  if (date.toDateString() === new Date(now - DAY).toDateString()) return 'Yesterday';
  return date.toLocaleDateString(undefined, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });
}

export function fullTime(at: string): string {
  return new Date(at).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
}

/** Whole percents, rounded down as everywhere in the desk: what is not sure is never 100%. */
export function percent(share: number): string {
  return `${Math.floor(Math.min(Math.max(share, 0), 1) * 100 + 1e-6)}%`;
}

/** What a decision cost, with enough digits that a cheap one does not read as free. */
export function dollars(usd: number): string {
  if (usd === 0) return '$0';
  return usd < 0.01 ? `$${usd.toFixed(4)}` : `$${usd.toFixed(2)}`;
}

/** A snake_case or kebab-case id as words, for ids that have no name of their own. */
export function words(id: string): string {
  const text = id.replace(/[_-]+/g, ' ').trim();
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function initials(name: string | null | undefined): string {
  const parts = (name ?? '').trim().split(/\s+/).filter((p) => /\p{L}|\p{N}/u.test(p));
  const letters = [parts[0], parts.length > 1 ? parts.at(-1) : undefined].map((p) => [...(p ?? '')].find((c) => /\p{L}|\p{N}/u.test(c)) ?? '');
  return letters.join('').toUpperCase() || '?';
}

/** One of six avatar tints, always the same for the same person. */
export function tint(id: string): number {
  let sum = 0;
  for (const char of id) sum = (sum * 31 + char.charCodeAt(0)) >>> 0;
  return sum % 6;
}

/** "de" → "German"; a code nobody knows stays a code. */
export function languageName(code: string): string {
  try {
    return new Intl.DisplayNames(['en'], { type: 'language' }).of(code) ?? code;
  } catch {
    return code;
  }
}
