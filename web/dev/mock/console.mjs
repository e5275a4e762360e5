// /api/v1 of the mock: sign-in by cookie, conversations, tickets and the live stream.
import { randomUUID } from 'node:crypto';
import { AGENTS, INTENTS, TEAMS } from './desk.mjs';
import { json, Problem, send } from './http.mjs';

/** What this mock has nothing of. */
const EMPTY = new Set(['platforms', 'approvals', 'letters', 'playbooks', 'activity', 'automation', 'rules', 'triggers', 'triggers/firings', 'switch/changes'].map((path) => `GET /${path}`));

export function consoleApi(desk) {
  const sessions = new Map();
  const links = new Set(['demo-link']);
  const cookie = (req) => /(?:^|; )session=([^;]+)/.exec(req.headers.cookie ?? '')?.[1];
  const open = ({ id, email, name, role }) => ({ id, email, name, role });

  function me(req) {
    const user = sessions.get(cookie(req));
    if (user === undefined) throw new Problem(401, 'signed-out', 'Sign in first.');
    return user;
  }

  async function signIn(req, res) {
    const body = await json(req);
    const user = body.link ? links.delete(body.link) && AGENTS[0] : AGENTS.find((a) => a.email === body.email && a.password === body.password);
    if (!user) throw new Problem(401, 'bad-credentials', body.link ? 'This link was used already or is too old. Ask for a new one.' : 'E-mail or password is wrong.');
    const id = randomUUID();
    sessions.set(id, user);
    send(res, 200, { user: open(user) }, { 'Set-Cookie': `session=${id}; HttpOnly; SameSite=Lax; Path=/` });
  }

  function stream(req, res) {
    const user = me(req);
    res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    const out = (name, data) => res.write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
    out('hello', { user: open(user) });
    desk.deskListeners.add(out);
    const beat = setInterval(() => out('ping', {}), 15_000);
    req.on('close', () => {
      clearInterval(beat);
      desk.deskListeners.delete(out);
    });
  }

  const acts = {
    takeover(talk, user) {
      if (talk.state === 'human' && talk.assignee?.id !== user.id) throw new Problem(409, 'taken', `${talk.assignee.name} has taken this over.`);
      if (talk.assignee?.id !== user.id) {
        const by = { id: user.id, name: user.name };
        desk.move(talk, 'human', by, `${user.name} took over`, { assignee: by, waiting_since: null, due: null });
        desk.say(talk, 'system', `${user.name} has joined the conversation.`);
      }
      return desk.detail(talk);
    },
    'release-to-bot'(talk, user) {
      mine(talk, user);
      desk.move(talk, 'bot', { id: user.id, name: user.name }, `${user.name} handed back to the bot`, { assignee: null });
      desk.say(talk, 'bot', 'I’m back. What else can I do for you?');
      return desk.detail(talk);
    },
    handoff(talk, user, body) {
      const team = TEAMS.find((t) => t.id === body.team);
      if (team === undefined) throw new Problem(422, 'unknown-team', 'There is no such team.');
      if (body.note) desk.append(talk, { type: 'note', id: randomUUID(), author: { id: user.id, name: user.name }, text: body.note });
      desk.handOff(talk, team.id, talk.priority, talk.summary ?? '', talk.reasons);
      return desk.detail(talk);
    },
    resolution(talk, user) {
      desk.move(talk, 'resolved', { id: user.id, name: user.name }, `${user.name} resolved`, { assignee: null, waiting_since: null });
      desk.append(talk, { type: 'rating_request' });
      return desk.detail(talk);
    },
  };

  function mine(talk, user) {
    if (talk.assignee?.id !== user.id) throw new Problem(409, 'not-yours', talk.assignee ? `${talk.assignee.name} has this conversation.` : 'Take this conversation over first.');
  }

  async function write(req, res, talk, user, kind) {
    const { id, text } = await json(req);
    const known = talk.events.find((e) => e.id === id);
    if (known) return send(res, 201, { seq: known.seq });
    if (kind === 'messages') mine(talk, user);
    if (typeof text !== 'string' || text.trim() === '') throw new Problem(422, 'empty', 'Write something first.');
    const author = { id: user.id, name: user.name };
    const event = kind === 'notes' ? desk.append(talk, { type: 'note', id, author, text }) : desk.say(talk, 'agent', text, { id, author });
    send(res, 201, { seq: event.seq });
  }

  async function conversation(req, res, user, id, rest, query) {
    const talk = desk.conversations.get(id);
    if (talk === undefined) throw new Problem(404, 'not-found', 'There is no such conversation.');
    if (req.method === 'GET') {
      if (rest === undefined) return send(res, 200, desk.detail(talk));
      if (rest === 'events') {
        const events = talk.events.filter((e) => e.seq > (Number(query.get('after')) || 0) && e.type !== 'rating_request').slice(0, Number(query.get('limit')) || 500);
        return send(res, 200, { events, next: events.at(-1)?.seq ?? (Number(query.get('after')) || 0) });
      }
      if (rest === 'decisions') return send(res, 200, { items: talk.events.filter((e) => e.type === 'decision').map((e) => e.decision) });
      const file = desk.uploads.get(/^uploads\/(.+)$/.exec(rest)?.[1] ?? '');
      if (file) return void res.writeHead(200, { 'Content-Type': file.type, 'Content-Disposition': `attachment; filename*=UTF-8''${encodeURIComponent(file.name)}` }).end(file.data);
    } else if (req.method === 'POST') {
      if (rest === 'messages' || rest === 'notes') return write(req, res, talk, user, rest);
      if (rest === 'typing') {
        for (const listener of desk.chatListeners) listener(talk, { type: 'typing', from: 'agent' });
        return send(res, 204);
      }
      if (rest in acts) return send(res, 200, acts[rest](talk, user, await json(req)));
    }
    throw new Problem(404, 'not-found', 'There is nothing here.');
  }

  return async function handle(req, res, path, query) {
    const route = `${req.method} ${path}`;
    if (req.method !== 'GET' && !['same-origin', 'none', undefined].includes(req.headers['sec-fetch-site'])) throw new Problem(403, 'cross-site', 'Refused.');
    if (route === 'POST /session') return signIn(req, res);
    const user = me(req);
    if (route === 'GET /session') return send(res, 200, { user: open(user) });
    if (route === 'DELETE /session') {
      sessions.delete(cookie(req));
      return send(res, 204);
    }
    if (route === 'GET /stream') return stream(req, res);
    if (route === 'GET /conversations') return send(res, 200, desk.list(query.get('view') ?? 'all', query.get('q'), user));
    if (route === 'GET /teams') return send(res, 200, { items: TEAMS });
    if (route === 'GET /intents') return send(res, 200, { items: INTENTS });
    if (route === 'GET /tickets') {
      const status = query.get('status');
      return send(res, 200, { items: desk.tickets.filter((t) => !status || t.status === status), next: null });
    }
    const shown = /^GET \/tickets\//.test(route) && desk.tickets.find((t) => t.number === decodeURIComponent(path.split('/')[2]));
    if (shown) {
      const talk = desk.conversations.get(shown.conversation);
      return send(res, 200, { ...shown, body: shown.title, history: [], conversations: [{ id: talk.id, name: shown.customer.name, state: talk.state }] });
    }
    const ticket = /^PATCH \/tickets\/(.+)$/.exec(route) && desk.tickets.find((t) => t.number === decodeURIComponent(path.split('/')[2]));
    if (ticket) return send(res, 200, Object.assign(ticket, await json(req), { updated_at: desk.now() }));
    if (route === 'GET /people') return send(res, 200, { items: AGENTS.map(({ id, name }) => ({ id, name })) });
    if (route === 'GET /switch') return send(res, 200, { off: [] });
    if (route === 'GET /model') return send(res, 200, { state: 'off', detail: 'There is no language model; the desk works with local triage.', in_flight: 0, layers: [] });
    if (route === 'GET /model/use') return send(res, 200, { spent_usd: 0, budget_usd: null, tokens: 0, budget_tokens: null, steps: [], failures: [] });
    if (EMPTY.has(route)) return send(res, 200, { items: [], next: null });
    const one = /^\/conversations\/([^/]+)(?:\/(.+))?$/.exec(path);
    if (one) return conversation(req, res, user, one[1], one[2], query);
    throw new Problem(404, 'not-found', 'There is nothing here.');
  };
}
