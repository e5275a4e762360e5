/**
 * What the visitor sees, as a pure fold of the server's events and of the messages still on their way.
 * Events may come twice or from two transports; the fold drops what it has already seen, so nothing is doubled.
 */

export type Sender = 'customer' | 'bot' | 'agent' | 'system';
export type Phase = 'bot' | 'queued' | 'human' | 'resolved';

export interface Choice { id: string; label: string }
export interface Citation { title: string; url: string | null; article: string }
export interface Attachment { id: string; name: string; type: string; size: number }

export interface MessageEvent {
  type: 'message'; seq: number; at: string; from: Sender; id: string; text: string;
  author?: { name: string } | null; choices?: Choice[] | null; citations?: Citation[] | null; attachments?: Attachment[] | null;
}
export interface StateEvent {
  type: 'state'; seq: number; at: string; state: Phase; position?: number | null; expected_wait_s?: number | null;
  agent?: { name: string } | null;
}
export interface RatingEvent { type: 'rating_request'; seq: number; at: string }
export interface TypingEvent { type: 'typing'; from: Sender }
export interface ConversationEvent { type: 'conversation'; id: string }
export type WireEvent = MessageEvent | StateEvent | RatingEvent | TypingEvent | ConversationEvent;

/** A message that has left the visitor's hands but is not yet seen in the conversation. */
export interface Outgoing {
  id: string; text: string; choice?: string; attachments?: Attachment[]; at: string;
  /** waiting: goes out as soon as it can · accepted: the server has it · failed: the server refused it, the visitor decides */
  status: 'waiting' | 'accepted' | 'failed'; problem?: string; seq?: number;
}

export interface Line extends MessageEvent { conversation: string | null }

export interface Talk {
  conversation: string | null;
  /** The highest seq seen in the current conversation; what `after` asks for. */
  seq: number;
  /** Ordered; lines of an earlier conversation of this visit come first. */
  lines: Line[];
  phase: Phase;
  position: number | null;
  expectedWaitS: number | null;
  /** The human who speaks, once one has taken over. */
  agent: string | null;
  /** Seq of the open request for a rating, or 0. */
  ratingAsked: number;
  typing: Sender | null;
  outbox: Outgoing[];
}

export function emptyTalk(): Talk {
  return {
    conversation: null, seq: 0, lines: [], phase: 'bot', position: null, expectedWaitS: null, agent: null,
    ratingAsked: 0, typing: null, outbox: [],
  };
}

/** Folds one event from the server. */
export function apply(talk: Talk, event: WireEvent): Talk {
  switch (event.type) {
    case 'typing':
      return event.from === 'customer' ? talk : { ...talk, typing: event.from };
    case 'conversation':
      return event.id === talk.conversation ? talk : adopt(talk, event.id);
    case 'message':
      return event.seq <= talk.seq ? talk : heard(talk, event);
    case 'state':
      return event.seq <= talk.seq ? talk : moved(talk, event);
    case 'rating_request':
      return event.seq <= talk.seq ? talk : { ...talk, seq: event.seq, ratingAsked: event.seq };
    default:
      return talk; // a newer server may say things this widget does not know
  }
}

/** The current conversation is `id`: when it is another one, seq begins anew and what was said stays above. */
export function adopt(talk: Talk, id: string | null): Talk {
  if (talk.conversation === id) return talk;
  if (talk.conversation === null && talk.seq === 0) return { ...talk, conversation: id };
  return {
    ...talk, conversation: id, seq: 0, phase: 'bot', position: null, expectedWaitS: null, agent: null, ratingAsked: 0, typing: null,
    // An accepted message whose line was not seen yet has a seq of the old numbering.
    outbox: talk.outbox.map((o) => ({ ...o, seq: undefined })),
  };
}

function heard(talk: Talk, event: MessageEvent): Talk {
  const line: Line = { ...event, conversation: talk.conversation };
  const mine = event.from === 'customer';
  return {
    ...talk,
    seq: event.seq,
    lines: [...talk.lines, line],
    outbox: mine ? talk.outbox.filter((out) => out.id !== event.id && out.seq !== event.seq) : talk.outbox,
    agent: event.from === 'agent' ? (event.author?.name ?? talk.agent) : talk.agent,
    typing: mine || talk.typing !== event.from ? talk.typing : null,
    ratingAsked: mine ? 0 : talk.ratingAsked,
  };
}

function moved(talk: Talk, event: StateEvent): Talk {
  return {
    ...talk,
    seq: event.seq,
    phase: event.state,
    position: event.position ?? null,
    expectedWaitS: event.expected_wait_s ?? null,
    agent: event.state === 'human' ? (event.agent?.name ?? talk.agent) : null,
    typing: null,
    ratingAsked: event.state === 'resolved' ? talk.ratingAsked : 0,
  };
}

/** Puts a message into the outbox; the same id twice changes nothing. */
export function enqueue(talk: Talk, out: Outgoing): Talk {
  const known = talk.outbox.some((o) => o.id === out.id) || talk.lines.some((l) => l.from === 'customer' && l.id === out.id);
  return known ? talk : { ...talk, outbox: [...talk.outbox, out] };
}

/** The server has the message. It leaves the outbox here if its line was already seen, else when the line comes. */
export function acknowledged(talk: Talk, id: string, seq: number): Talk {
  const seen = talk.lines.some(
    (l) => l.from === 'customer' && (l.id === id || (l.seq === seq && l.conversation === talk.conversation)),
  );
  return {
    ...talk,
    outbox: seen
      ? talk.outbox.filter((o) => o.id !== id)
      : talk.outbox.map((o) => (o.id === id ? { ...o, status: 'accepted', seq } : o)),
  };
}

/** The server will never take this message as it is; it stays, marked, until the visitor retries or removes it. */
export function refused(talk: Talk, id: string, problem: string): Talk {
  return { ...talk, outbox: talk.outbox.map((o) => (o.id === id ? { ...o, status: 'failed', problem } : o)) };
}

export function retried(talk: Talk, id: string): Talk {
  return {
    ...talk,
    outbox: talk.outbox.map((o) => (o.id === id ? { ...o, status: 'waiting', problem: undefined } : o)),
  };
}

export function discarded(talk: Talk, id: string): Talk {
  return { ...talk, outbox: talk.outbox.filter((o) => o.id !== id) };
}

/** The one message to send now: strictly in the order written, so a slow link cannot turn two lines around. */
export function nextToSend(talk: Talk): Outgoing | undefined {
  return talk.outbox.find((o) => o.status === 'waiting');
}

/** Choices can be clicked only under the newest question, and only until it is answered. */
export function openChoices(talk: Talk): string | null {
  if (talk.phase === 'resolved' || talk.outbox.some((o) => o.status !== 'failed')) return null;
  for (let i = talk.lines.length - 1; i >= 0; i -= 1) {
    const line = talk.lines[i]!;
    if (line.from === 'customer' || line.conversation !== talk.conversation) return null;
    if (line.choices && line.choices.length > 0) return line.id;
  }
  return null;
}

/** The choice the visitor made for a question, to mark its button; null when none. */
export function chosen(talk: Talk, line: Line): string | null {
  const labels = new Map((line.choices ?? []).map((c) => [c.label, c.id]));
  const at = talk.lines.indexOf(line);
  const answer = talk.lines.slice(at + 1).find((l) => l.from === 'customer');
  const waiting = answer ? undefined : talk.outbox.find((o) => o.choice !== undefined);
  return (answer && labels.get(answer.text)) ?? waiting?.choice ?? null;
}

/** Lines from others that came after `seen` in the current conversation. */
export function unread(talk: Talk, seen: number): number {
  return talk.lines.filter((l) => l.conversation === talk.conversation && l.seq > seen && l.from !== 'customer').length;
}
