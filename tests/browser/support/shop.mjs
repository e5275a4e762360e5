// A shop and a ticket system (as docs/generic-tickets.yaml describes one) in one process, which can be told to refuse:
// PUT /control {"pay": 200, "tickets": 503}. What it took is at GET /control.
import { createServer } from 'node:http';

const answers = { pay: 200, tickets: 200 };
const payments = new Map();
const cases = [];

async function read(req) {
  const parts = [];
  for await (const part of req) parts.push(part);
  return parts.length === 0 ? {} : JSON.parse(Buffer.concat(parts).toString());
}

function ticket(it) {
  return { case: { id: it.id, no: it.no, ref: it.ref, state: it.state, notes: it.notes } };
}

async function answer(req) {
  const url = new URL(req.url, 'http://shop');
  const body = await read(req);
  if (url.pathname === '/control') {
    if (req.method === 'PUT') Object.assign(answers, body);
    return [200, { ...answers, payments: [...payments.values()], cases }];
  }
  if (url.pathname === '/pay' && req.method === 'POST') {
    if (answers.pay !== 200) return [answers.pay, { error: 'The shop does not pay today.' }];
    const key = req.headers['idempotency-key'];
    if (!payments.has(key)) payments.set(key, { ...body, id: `pay_${payments.size + 1}` });
    return [200, { id: payments.get(key).id }];
  }
  const [, , , id, notes] = url.pathname.split('/');
  if (!url.pathname.startsWith('/v1/tickets')) return [404, {}];
  if (answers.tickets !== 200) return [answers.tickets, { error: 'The ticket system is away.' }];
  if (id === undefined && req.method === 'GET') return [200, { cases: cases.filter((it) => it.ref === url.searchParams.get('ref')) }];
  if (id === undefined) {
    const it = { id: `c${cases.length + 1}`, no: `S-${cases.length + 501}`, ref: body.case.ref, subject: body.case.subject, state: 'open', notes: [] };
    cases.push(it);
    return [201, ticket(it)];
  }
  const it = cases.find((one) => one.id === id);
  if (it === undefined) return [404, {}];
  if (notes === 'notes') it.notes.push(body.text);
  return [200, ticket(it)];
}

const server = createServer((req, res) => {
  answer(req).catch((error) => [400, { error: error.message }]).then(([status, body]) => {
    res.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
  });
});
server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => console.log(`shop at http://127.0.0.1:${server.address().port}`));
