import type { Ticket, TicketMirror } from '../api/types';

export const STATUSES: Ticket['status'][] = ['open', 'pending', 'solved'];
export const PRIORITIES: Ticket['priority'][] = ['low', 'normal', 'high', 'urgent'];

/** What is looked for; what is empty is not asked about. */
export interface TicketQuery { status: Ticket['status'] | ''; priority: Ticket['priority'] | ''; team: string; assignee: string; mirror: TicketMirror['state'] | ''; q: string }

/** Nobody's, as a choice beside people's ids. */
export const NOBODY = '-';
export const EVERYTHING: TicketQuery = { status: '', priority: '', team: '', assignee: '', mirror: '', q: '' };

/** The question as the API takes it. */
export function asked(query: TicketQuery): { status?: Ticket['status']; priority?: Ticket['priority']; team?: string; assignee?: string; mirror?: TicketMirror['state']; q?: string } {
  const given = Object.entries(query).filter(([, value]) => value.trim() !== '');
  return Object.fromEntries(given.map(([name, value]) => [name, name === 'assignee' && value === NOBODY ? '' : value.trim()]));
}

/** Where a ticket stands outside, in words; nothing where there is nothing to tell. */
export function standing(mirror: TicketMirror, system: string | undefined): { text: string; look: string } | null {
  const where = system ?? 'the ticket system';
  switch (mirror.state) {
    case 'here': return null;
    case 'there': return { text: `In ${where}`, look: 'bot' };
    case 'waiting': return { text: `On its way to ${where}`, look: 'queued' };
    case 'failed': return { text: `Not taken by ${where}`, look: 'high' };
  }
}
