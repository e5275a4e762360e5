import type { Act, Decision, DeskEvent, Message, Note, Rating, StateChange } from '../api/types';

/** A reply or note of this agent that the server does not have yet. */
export interface Pending {
  id: string;
  kind: 'message' | 'note';
  text: string;
  at: string;
  status: 'sending' | 'failed' | 'accepted';
  problem?: string;
}

export type Entry =
  | { kind: 'message'; key: string; event: Message; first: boolean }
  | { kind: 'note'; key: string; event: Note }
  | { kind: 'state'; key: string; event: StateChange }
  | { kind: 'decision'; key: string; at: string; decision: Decision }
  | { kind: 'act'; key: string; event: Act }
  | { kind: 'rating'; key: string; event: Rating }
  | { kind: 'day'; key: string; at: string }
  | { kind: 'pending'; key: string; pending: Pending };

/** Adds events to a log that is ordered by seq, dropping those already in it. */
export function merge(log: readonly DeskEvent[], more: readonly DeskEvent[]): DeskEvent[] {
  const seen = new Set(log.map((e) => e.seq));
  const fresh = more.filter((e) => !seen.has(e.seq) && seen.add(e.seq));
  if (fresh.length === 0) return log as DeskEvent[];
  const all = [...log, ...fresh];
  const last = log.at(-1)?.seq ?? 0;
  return fresh.every((e, at) => e.seq > (fresh[at - 1]?.seq ?? last)) ? all : all.sort((a, b) => a.seq - b.seq);
}

/** The highest seq of a log; where the next catch-up begins. */
export function position(log: readonly DeskEvent[]): number {
  return log.at(-1)?.seq ?? 0;
}

/** Pending items whose line has arrived in the log are done. */
export function settle(pending: readonly Pending[], log: readonly DeskEvent[]): Pending[] {
  const arrived = new Set(log.flatMap((e) => (e.type === 'message' || e.type === 'note' ? [e.id] : [])));
  return pending.filter((p) => !arrived.has(p.id));
}

/** What the timeline shows, in order: the log, with days between, then what is still on its way. */
export function entries(log: readonly DeskEvent[], pending: readonly Pending[]): Entry[] {
  const out: Entry[] = [];
  let day = '';
  let speaker = '';
  const over = finished(log);
  for (const event of log) {
    if (over.has(event.seq)) continue;
    const today = new Date(event.at).toDateString();
    if (today !== day) {
      out.push({ kind: 'day', key: `day:${event.seq}`, at: event.at });
      day = today;
      speaker = '';
    }
    const key = `e:${event.seq}`;
    switch (event.type) {
      case 'message': {
        const who = `${event.from}:${event.author?.name ?? ''}`;
        out.push({ kind: 'message', key, event, first: who !== speaker });
        speaker = who;
        continue;
      }
      case 'note':
        out.push({ kind: 'note', key, event });
        break;
      case 'state':
        out.push({ kind: 'state', key, event });
        break;
      case 'decision':
        out.push({ kind: 'decision', key, at: event.at, decision: event.decision });
        continue; // a small mark in the margin; it does not interrupt a speaker
      case 'act':
        out.push({ kind: 'act', key, event });
        break;
      case 'rating':
        out.push({ kind: 'rating', key, event });
        break;
      default:
        continue; // a newer server may record things this console does not know
    }
    speaker = '';
  }
  for (const item of settle(pending, log)) out.push({ kind: 'pending', key: `p:${item.id}`, pending: item });
  return out;
}

/** Requests whose outcome is in the log as well: showing both would say one thing twice. */
function finished(log: readonly DeskEvent[]): Set<number> {
  const asked = new Map<string, number[]>();
  const over = new Set<number>();
  for (const event of log) {
    if (event.type !== 'act') continue;
    if (event.act === 'send' && event.status === 'requested') {
      over.add(event.seq); // the message itself stands above, with its delivery
      continue;
    }
    const open = asked.get(event.act) ?? [];
    asked.set(event.act, open);
    if (event.status === 'requested') open.push(event.seq);
    else over.add(open.shift() ?? -1);
  }
  return over;
}

/** Every decision of a log, oldest first. */
export function decisions(log: readonly DeskEvent[]): Decision[] {
  return log.flatMap((e) => (e.type === 'decision' ? [e.decision] : []));
}

/** Splits a text where words of the evidence stand, so that the view can mark them. */
export function marked(text: string, evidence: readonly { text: string; weight: number }[]): { text: string; weight: number | null }[] {
  const words = evidence.filter((e) => e.text.trim().length > 1).sort((a, b) => b.text.length - a.text.length);
  if (words.length === 0) return [{ text, weight: null }];
  const pattern = new RegExp(words.map((w) => w.text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|'), 'giu');
  const out: { text: string; weight: number | null }[] = [];
  let from = 0;
  for (const match of text.matchAll(pattern)) {
    if (match.index > from) out.push({ text: text.slice(from, match.index), weight: null });
    const hit = words.find((w) => w.text.toLowerCase() === match[0].toLowerCase());
    out.push({ text: match[0], weight: hit?.weight ?? 0 });
    from = match.index + match[0].length;
  }
  if (from < text.length) out.push({ text: text.slice(from), weight: null });
  return out;
}

/** A summary's lines; "About: a refund" becomes a label and its text. */
export function summaryLines(summary: string): { label: string | null; text: string }[] {
  return summary.split('\n').filter((line) => line.trim() !== '').map((line) => {
    const found = /^([\p{L}][\p{L} ()]{1,27}): (.+)$/u.exec(line.trim());
    return found ? { label: found[1]!, text: found[2]! } : { label: null, text: line.trim() };
  });
}

/** The evidence worth showing, heaviest first: what weighs next to nothing, or says the same again, only distracts. */
export function weighty(evidence: readonly { text: string; weight: number }[], most: number): { text: string; weight: number }[] {
  const seen = new Set<string>();
  const fresh = ({ text }: { text: string }): boolean => !seen.has(text.toLowerCase()) && seen.add(text.toLowerCase()) !== undefined;
  const sorted = [...evidence].sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight)).filter(fresh);
  const least = Math.abs(sorted[0]?.weight ?? 0) * 0.2;
  return sorted.filter((it) => it.weight !== 0 && Math.abs(it.weight) >= least).slice(0, most);
}
