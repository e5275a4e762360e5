// Shows the pages of web/dist as they are now over a desk that was built earlier, so that front-end work needs no cargo:
//   DESKHAND_HTTP__PUBLIC_URL=http://127.0.0.1:8091 deskhand serve --demo      then      npm run dev:desk
// The desk's own headers (its content security policy above all) stay; only the bodies are replaced.
import { readFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import { connect } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const dist = fileURLToPath(new URL('../dist/', import.meta.url));
const desk = new URL(process.env.DESK ?? 'http://127.0.0.1:8080');
const port = Number(process.env.PORT ?? 8091);
const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.woff2': 'font/woff2', '.svg': 'image/svg+xml' };

function localFile(path) {
  if (path === '/') return 'demo/index.html';
  if (path === '/widget/') return 'widget/index.html';
  if (path === '/widget.js' || /^\/(widget|console|demo)\/assets\//.test(path)) return normalize(path).slice(1);
  return /^\/console(\/|$)/.test(path) ? 'console/index.html' : null;
}

createServer((req, res) => {
  const path = new URL(req.url, desk).pathname;
  const file = req.method === 'GET' ? localFile(path) : null;
  const headers = { ...req.headers };
  if (file !== null) for (const name of ['accept-encoding', 'if-none-match']) delete headers[name];
  const onward = request({ host: desk.hostname, port: desk.port, path: req.url, method: req.method, headers, agent: false }, async (answer) => {
    const body = file === null ? null : await readFile(join(dist, file)).catch(() => null);
    if (body === null) {
      res.writeHead(answer.statusCode, answer.headers);
      return void answer.pipe(res);
    }
    answer.resume();
    const { 'content-length': _, 'content-encoding': __, 'transfer-encoding': ___, etag: ____, ...rest } = answer.headers;
    res.writeHead(200, { ...rest, 'content-type': types[extname(file)] ?? 'application/octet-stream' }).end(body);
  });
  onward.on('error', () => res.destroy());
  res.on('close', () => onward.destroy());
  req.pipe(onward);
})
  .on('upgrade', (req, client, head) => {
    const upstream = connect(Number(desk.port), desk.hostname, () => {
      const lines = [`${req.method} ${req.url} HTTP/1.1`];
      for (let i = 0; i < req.rawHeaders.length; i += 2) lines.push(`${req.rawHeaders[i]}: ${req.rawHeaders[i + 1]}`);
      upstream.write(`${lines.join('\r\n')}\r\n\r\n`);
      upstream.write(head);
      upstream.pipe(client).pipe(upstream);
    });
    for (const [one, other] of [[upstream, client], [client, upstream]]) one.on('error', () => other.destroy()).on('close', () => other.destroy());
  })
  .listen(port, '127.0.0.1', () => console.log(`http://127.0.0.1:${port}/ shows web/dist over ${desk.origin}`));
