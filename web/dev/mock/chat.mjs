// /chat/v1 of the mock: sessions, messages, long poll and the socket, as in the contract.
import { randomUUID } from 'node:crypto';
import { WebSocketServer } from 'ws';
import { answer } from './bot.mjs';
import { forVisitor } from './desk.mjs';
import { bytes, json, Problem, send } from './http.mjs';

const MAX_BYTES = 16_384;
const TYPES = ['image/png', 'image/jpeg', 'application/pdf', 'text/plain'];

export function chat(desk) {
  const config = {
    desk: 'Harbor', bot_name: 'Harbor Assistant', language: 'en', greeting: 'Hi there! How can we help?',
    disclosure: 'You’re talking to an automated assistant. Ask for a person at any time.', identified: false,
    max_message_bytes: MAX_BYTES, max_upload_bytes: 5_000_000, upload_types: TYPES,
  };

  function who(req) {
    const visitor = desk.visitor((req.headers.authorization ?? '').replace(/^Bearer /, ''));
    if (visitor === undefined) throw new Problem(401, 'session-expired', 'This session has ended.');
    return visitor;
  }

  /** Records a message once; the same id again gives the same answer. */
  function record(visitor, body) {
    const { id, text = '', choice, attachments = [] } = body;
    if (typeof id !== 'string' || id.length < 1 || id.length > 64) throw new Problem(400, 'bad-id', 'A message needs an id of 1 to 64 characters.');
    if (Buffer.byteLength(text) > MAX_BYTES) throw new Problem(413, 'too-long', 'A message may have up to 16 KiB.');
    if (text.includes('\0')) throw new Problem(400, 'nul', 'A message may not hold the character NUL.');
    if (text === '' && attachments.length === 0) throw new Problem(400, 'empty', 'A message needs a text or a file.');
    let talk = visitor.conversation;
    const known = talk?.events.find((e) => e.type === 'message' && e.id === id);
    if (known) return { seq: known.seq, again: true };
    talk ??= desk.open(visitor, visitor.locale, visitor.page);
    if (talk.state === 'resolved') desk.move(talk, 'bot', null, 'Reopened by the customer');
    const files = attachments.map((file) => desk.uploads.get(file)).filter(Boolean).map(({ data: _, ...rest }) => rest);
    const event = desk.say(talk, 'customer', text, { id, choice, attachments: files.length > 0 ? files : null });
    void answer(desk, talk, event);
    return { seq: event.seq, again: false };
  }

  async function sessions(req, res) {
    const body = await json(req);
    const header = req.headers.authorization;
    const visitor = header ? who(req) : desk.newVisitor(body.form?.name ? { name: body.form.name, email: body.form.email ?? null } : {});
    visitor.locale = body.locale;
    visitor.page = body.page;
    const talk = visitor.conversation;
    const conversation = talk && { id: talk.id, state: talk.state, seq: talk.events.at(-1)?.seq ?? 0, agent: talk.assignee ? { name: talk.assignee.name } : null };
    send(res, 201, { token: visitor.token, visitor: visitor.id, conversation: conversation ?? null, config });
  }

  async function events(req, res, query) {
    const visitor = who(req);
    const until = Date.now() + Math.min(Number(query.get('wait')) || 0, 25) * 1000;
    let gone = false;
    req.on('close', () => (gone = true));
    for (;;) {
      const talk = visitor.conversation;
      const moved = talk && query.get('conversation') !== talk.id;
      const after = moved ? 0 : Number(query.get('after')) || 0;
      const found = talk ? desk.visible(talk, after) : [];
      if (found.length > 0 || Date.now() >= until || gone) {
        const announced = moved ? [{ type: 'conversation', id: talk.id }] : [];
        return send(res, 200, { events: [...announced, ...found], next: talk?.events.at(-1)?.seq ?? 0 });
      }
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
  }

  async function upload(req, res) {
    who(req);
    const boundary = /boundary=(.+)$/.exec(req.headers['content-type'] ?? '')?.[1] ?? '';
    const body = await bytes(req, config.max_upload_bytes + 4096);
    const head = body.subarray(0, body.indexOf('\r\n\r\n')).toString('utf8');
    const data = body.subarray(body.indexOf('\r\n\r\n') + 4, body.lastIndexOf(`\r\n--${boundary}`));
    const file = { id: randomUUID(), name: /filename="([^"]*)"/.exec(head)?.[1] ?? 'file', type: /Content-Type: (.+)/i.exec(head)?.[1].trim() ?? '', size: data.length };
    if (!TYPES.includes(file.type)) throw new Problem(415, 'bad-type', 'Files of this type are not accepted.');
    desk.uploads.set(file.id, { ...file, data });
    send(res, 201, file);
  }

  async function feedback(req, res) {
    const talk = who(req).conversation;
    const body = await json(req);
    if (talk && body.rating) talk.rating = { score: body.rating, comment: body.comment ?? null };
    send(res, 204);
  }

  const sockets = new WebSocketServer({ noServer: true, maxPayload: 65_536, handleProtocols: (offered) => (offered.has('deskhand.v1') ? 'deskhand.v1' : false) });
  sockets.on('connection', (socket, req) => {
    const query = new URL(req.url, 'http://mock').searchParams;
    let visitor = null;
    const out = (frame) => socket.send(JSON.stringify(frame));
    let known = query.get('conversation');
    const announce = (talk) => {
      if (known !== talk.id) out({ type: 'conversation', id: talk.id });
      known = talk.id;
    };
    const listener = (talk, event) => {
      if (talk.visitor !== visitor) return;
      if (event.type === 'typing') return void (event.from !== 'customer' && out(event));
      const shown = forVisitor(event);
      if (shown === null) return;
      announce(talk);
      out(shown);
    };
    socket.on('close', () => desk.chatListeners.delete(listener));
    socket.on('message', (data) => {
      const frame = JSON.parse(String(data));
      if (visitor === null) {
        visitor = frame.type === 'hello' ? (desk.visitor(frame.token) ?? null) : null;
        if (visitor === null) return socket.close(4401, 'session');
        const talk = visitor.conversation;
        out({ type: 'ready', conversation: talk?.id ?? null, next: talk?.events.at(-1)?.seq ?? 0 });
        if (talk) for (const event of desk.visible(talk, talk.id === known || known === null ? Number(query.get('after')) || 0 : 0)) out(event);
        known = talk?.id ?? known;
        return void desk.chatListeners.add(listener);
      }
      if (frame.type === 'ping') out({ type: 'pong' });
      else if (frame.type === 'typing' && visitor.conversation) desk.typing(visitor.conversation, 'customer');
      else if (frame.type === 'message') {
        try {
          out({ type: 'ack', id: frame.id, seq: record(visitor, frame).seq });
        } catch (error) {
          out({ type: 'refused', id: frame.id, problem: { status: error.status, code: error.code, detail: error.detail } });
        }
      }
    });
  });

  async function handle(req, res, path, query) {
    const route = `${req.method} ${path}`;
    if (route === 'POST /sessions') return sessions(req, res);
    if (route === 'GET /events') return events(req, res, query);
    if (route === 'POST /uploads') return upload(req, res);
    if (route === 'POST /feedback') return feedback(req, res);
    if (route === 'POST /typing') {
      const talk = who(req).conversation;
      if (talk) desk.typing(talk, 'customer');
      return send(res, 204);
    }
    if (route === 'POST /messages') {
      const visitor = who(req);
      const body = await json(req);
      const { seq, again } = record(visitor, body);
      return send(res, again ? 200 : 202, { id: body.id, seq });
    }
    const file = /^GET \/uploads\/(.+)$/.exec(route) && desk.uploads.get(path.split('/')[2]);
    if (file) {
      who(req);
      return void res.writeHead(200, { 'Content-Type': file.type, 'Content-Disposition': `attachment; filename*=UTF-8''${encodeURIComponent(file.name)}`, 'X-Content-Type-Options': 'nosniff' }).end(file.data);
    }
    throw new Problem(404, 'not-found', 'There is nothing here.');
  }

  const upgrade = (req, socket, head) => sockets.handleUpgrade(req, socket, head, (ws) => sockets.emit('connection', ws, req));
  return { handle, upgrade };
}
