import type { Row, View } from '../api/types';

/** Whether a conversation belongs into a view; the same rule as the server's. */
export function belongs(row: Row, view: View, me: string): boolean {
  switch (view) {
    case 'queue': return row.state === 'queued';
    case 'mine': return row.state === 'human' && row.assignee?.id === me;
    case 'human': return row.state === 'human';
    case 'bot': return row.state === 'bot';
    case 'resolved': return row.state === 'resolved';
    case 'all': return true;
  }
}

/**
 * Folds a row from the live stream into the list on the screen. A row that left the view goes, one already there is
 * renewed in place; a new one waits for the reload that follows, which knows the server's order.
 * An older row than the one shown (the stream and a reload can cross) changes nothing.
 */
export function fold(items: readonly Row[], row: Row, view: View, me: string): Row[] {
  const at = items.findIndex((it) => it.id === row.id);
  if (at < 0) return items as Row[];
  if (items[at]!.seq > row.seq) return items as Row[];
  if (!belongs(row, view, me)) return items.filter((it) => it.id !== row.id);
  return items.map((it) => (it.id === row.id ? row : it));
}

/** The row `step` places from the chosen one, stopping at the ends; the first when none is chosen. */
export function neighbour(items: readonly Row[], chosen: string | null, step: number): Row | undefined {
  const at = items.findIndex((it) => it.id === chosen);
  if (at < 0) return items[0];
  return items[Math.min(Math.max(at + step, 0), items.length - 1)];
}
