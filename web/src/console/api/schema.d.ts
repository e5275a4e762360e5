/** Written by hand until the server's OpenAPI document exists; then `npm run api` takes over this file. */
type Json<T> = { content: { 'application/json': T } };
type Problems = { default: { content: { 'application/problem+json': components['schemas']['Problem'] } } };
type Answer<Status extends number, T> = { responses: { [S in Status]: Json<T> } & Problems };
type Empty = { responses: { 204: { content?: never } } & Problems };
type Body<T> = { requestBody: { content: { 'application/json': T } } };
type Query<T> = { parameters: { query?: T } };
type Path<T> = { parameters: { path: T } };
type Id = { id: string };

export interface paths {
  '/api/v1/session': {
    get: Answer<200, { user: components['schemas']['User'] }>;
    post: Answer<200, { user: components['schemas']['User'] }> & Body<{ email: string; password: string } | { link: string }>;
    delete: Empty;
  };
  '/api/v1/conversations': {
    get: Answer<200, { items: components['schemas']['Row'][]; next: string | null; counts: components['schemas']['Counts'] }> &
      Query<{ view?: string; q?: string; cursor?: string; limit?: number }>;
  };
  '/api/v1/conversations/{id}': { get: Answer<200, components['schemas']['Detail']> & Path<Id> };
  '/api/v1/conversations/{id}/events': {
    get: Answer<200, { events: components['schemas']['Event'][]; next: number }> & { parameters: { path: Id; query?: { after?: number; limit?: number } } };
  };
  '/api/v1/conversations/{id}/takeover': { post: Answer<200, components['schemas']['Detail']> & Path<Id> };
  '/api/v1/conversations/{id}/release-to-bot': { post: Answer<200, components['schemas']['Detail']> & Path<Id> };
  '/api/v1/conversations/{id}/resolution': { post: Answer<200, components['schemas']['Detail']> & Path<Id> & Body<Record<string, never>> };
  '/api/v1/conversations/{id}/handoff': { post: Answer<200, components['schemas']['Detail']> & Path<Id> & Body<{ team: string; note?: string }> };
  '/api/v1/conversations/{id}/messages': { post: Answer<201, { seq: number }> & Path<Id> & Body<{ id: string; text: string }> };
  '/api/v1/conversations/{id}/notes': { post: Answer<201, { seq: number }> & Path<Id> & Body<{ id: string; text: string }> };
  '/api/v1/conversations/{id}/typing': { post: Empty & Path<Id> };
  '/api/v1/tickets': { get: Answer<200, { items: components['schemas']['Ticket'][]; next: string | null }> & Query<{ status?: string; cursor?: string }> };
  '/api/v1/tickets/{number}': {
    patch: Answer<200, components['schemas']['Ticket']> & Path<{ number: string }> & Body<{ status?: string; priority?: string }>;
  };
  '/api/v1/teams': { get: Answer<200, { items: components['schemas']['Team'][] }> };
  '/api/v1/intents': { get: Answer<200, { items: components['schemas']['Intent'][] }> };
}

export interface components {
  schemas: {
    Problem: { type?: string; title?: string; status?: number; detail?: string; code?: string; errors?: { field: string; message: string }[] };
    Person: { id: string; name: string };
    User: { id: string; email: string; name: string; role: string };
    Customer: { id: string; name: string | null; email?: string | null; tier?: string | null; company?: string | null; verified?: boolean; [fact: string]: unknown };
    Counts: { queue: number; mine: number; human: number; bot: number; resolved: number };
    Row: {
      id: string; seq: number; channel: string; state: 'bot' | 'queued' | 'human' | 'resolved'; customer: components['schemas']['Customer'];
      preview: { from: string; text: string; at: string } | null; intent: string | null; intent_name: string | null; urgency: 'low' | 'medium' | 'high';
      sentiment: 'negative' | 'neutral' | 'positive'; priority: 'low' | 'normal' | 'high' | 'urgent'; team: components['schemas']['Person'] | null;
      assignee: components['schemas']['Person'] | null; waiting_since: string | null; due: string | null; tags: string[]; created_at: string; updated_at: string;
    };
    Reason: { code: string; text: string };
    Detail: components['schemas']['Row'] & {
      summary: string | null; reasons: components['schemas']['Reason'][];
      tickets: { number: string; title: string; status: string; priority: string }[];
      language: string | null; page: string | null; rating: { score: number; comment: string | null } | null;
    };
    Choice: { id: string; label: string };
    Citation: { title: string; url: string | null; article: string };
    Attachment: { id: string; name: string; type: string; size: number };
    Decision: {
      id: string; at: string; message: string; intent: string | null; confidence: number; top: { intent: string; confidence: number }[]; urgency: string;
      sentiment: string; language: string; entities: Record<string, unknown>; route: 'reply' | 'act' | 'ask' | 'ticket' | 'handoff';
      automation: 'observe' | 'suggest' | 'approve' | 'auto'; reasons: components['schemas']['Reason'][]; rules: string[];
      evidence: { text: string; weight: number }[]; context: string[]; citations: components['schemas']['Citation'][];
      model: string; release: string; cost_usd: number; latency_ms: number;
    };
    Event: { seq: number; at: string } & (
      | {
          type: 'message'; id: string; from: 'customer' | 'bot' | 'agent' | 'system'; text: string; author: { id?: string; name: string } | null;
          choices: components['schemas']['Choice'][] | null; citations: components['schemas']['Citation'][] | null;
          attachments: components['schemas']['Attachment'][] | null; delivery: 'sent' | 'failed' | 'uncertain' | null;
        }
      | { type: 'note'; id: string; author: { id?: string; name: string } | null; text: string }
      | { type: 'state'; state: string; by: components['schemas']['Person'] | null; text: string }
      | { type: 'decision'; decision: components['schemas']['Decision'] }
      | { type: 'act'; act: string; status: 'requested' | 'done' | 'failed' | 'uncertain'; text: string; ticket: string | null }
    );
    Ticket: {
      number: string; title: string; status: string; priority: 'low' | 'normal' | 'high' | 'urgent'; team: components['schemas']['Person'] | null;
      conversation: string | null; customer: { id: string; name: string | null; email?: string | null } | null; created_at: string; updated_at: string;
    };
    Team: { id: string; name: string; open: boolean };
    Intent: { id: string; name: string; team: string; risk: string; automation: string; threshold: number | null; examples: number };
  };
}
