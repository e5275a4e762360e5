// A stateful stand-in for the server while the front ends are worked on: `npm run build && npm run dev:mock`.
// It keeps both contracts (widget and console) over one in-memory log, but judges by keywords and forgets on exit.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chat } from './mock/chat.mjs';
import { consoleApi } from './mock/console.mjs';
import { Desk } from './mock/desk.mjs';
import { Problem, sendProblem } from './mock/http.mjs';
import { seed } from './mock/seed.mjs';

const dist = fileURLToPath(new URL('../dist/', import.meta.url));
const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.woff2': 'font/woff2', '.svg': 'image/svg+xml', '.png': 'image/png' };
const CSP = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors";

async function page(res, path) {
  const file = path === '/' ? 'demo/index.html' : path === '/widget/' ? 'widget/index.html' : /^\/console(\/(?!assets\/)|$)/.test(path) ? 'console/index.html' : normalize(path).slice(1);
  try {
    const body = await readFile(join(dist, file));
    const ancestors = file.startsWith('widget/') ? '*' : "'none'";
    res.writeHead(200, { 'Content-Type': types[extname(file)] ?? 'application/octet-stream', 'Content-Security-Policy': `${CSP} ${ancestors}`, 'X-Content-Type-Options': 'nosniff' }).end(body);
  } catch {
    throw new Problem(404, 'not-found', 'There is nothing here.');
  }
}

/** Starts the mock; `port` 0 takes any free one. */
export async function startMock(port = 0, { seeded = true } = {}) {
  const desk = new Desk();
  const widget = chat(desk);
  const api = consoleApi(desk);
  const server = createServer((req, res) => {
    const url = new URL(req.url, 'http://mock');
    const path = url.pathname;
    const handled = path.startsWith('/chat/v1/')
      ? widget.handle(req, res, path.slice('/chat/v1'.length), url.searchParams)
      : path.startsWith('/api/v1/')
        ? api(req, res, path.slice('/api/v1'.length), url.searchParams)
        : page(res, path);
    handled.catch((error) => (res.headersSent ? res.destroy() : sendProblem(res, error)));
  });
  server.on('upgrade', (req, socket, head) => (req.url.startsWith('/chat/v1/socket') ? widget.upgrade(req, socket, head) : socket.destroy()));
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  if (seeded) await seed(desk);
  return { url: `http://127.0.0.1:${server.address().port}`, desk, close: () => server.close() };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { url } = await startMock(Number(process.env.PORT ?? 8090));
  console.log(`Sample page ${url}/   console ${url}/console  (maria@harbor.example / harbor-maria-1)`);
}
