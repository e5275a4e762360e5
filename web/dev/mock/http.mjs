// Small helpers shared by the mock's two halves.
export class Problem extends Error {
  constructor(status, code, detail) {
    super(detail);
    Object.assign(this, { status, code, detail });
  }
}

export function send(res, status, body, headers = {}) {
  if (status === 204) return res.writeHead(204, headers).end();
  const type = status >= 400 ? 'application/problem+json' : 'application/json';
  res.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-store', ...headers }).end(JSON.stringify(body));
}

export function sendProblem(res, error) {
  const known = error instanceof Problem;
  if (!known) console.error(error);
  const status = known ? error.status : 500;
  send(res, status, { type: 'about:blank', title: known ? error.code : 'internal', status, detail: known ? error.detail : 'The mock failed; see its log.', code: known ? error.code : 'internal' });
}

export async function bytes(req, limit) {
  const parts = [];
  let size = 0;
  for await (const part of req) {
    size += part.length;
    if (size > limit) throw new Problem(413, 'too-large', 'This is larger than the desk accepts.');
    parts.push(part);
  }
  return Buffer.concat(parts);
}

export async function json(req) {
  try {
    return JSON.parse((await bytes(req, 64 * 1024)).toString('utf8') || '{}');
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem(400, 'bad-json', 'The body is not JSON.');
  }
}
