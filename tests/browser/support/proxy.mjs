// A forward proxy that can cut the network: every connection dies at once, and new ones are refused until it is mended.
// The page keeps its own origin, so cookies, CSP and origin checks are the real ones.
import { createServer, request } from 'node:http';
import { connect } from 'node:net';

export async function startProxy() {
  const sockets = new Set();
  let broken = false;
  const track = (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
  };

  const server = createServer((req, res) => {
    const url = new URL(req.url);
    const onward = request({ host: url.hostname, port: url.port || 80, path: url.pathname + url.search, method: req.method, headers: req.headers, agent: false }, (answer) => {
      res.writeHead(answer.statusCode, answer.headers);
      answer.pipe(res);
      answer.on('error', () => res.destroy());
    });
    onward.on('socket', track);
    onward.on('error', () => res.destroy());
    // Without this a client that gave up would keep its stream open at the server.
    res.on('close', () => onward.destroy());
    req.pipe(onward);
  });
  server.on('connection', (socket) => {
    if (broken) socket.destroy();
    else track(socket);
  });
  server.on('connect', (req, client, head) => {
    const [host, port] = req.url.split(':');
    const upstream = connect(Number(port), host, () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.write(head);
      upstream.pipe(client).pipe(upstream);
    });
    track(upstream);
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));

  const dropAll = () => { for (const socket of sockets) socket.destroy(); };
  return {
    server: `http://127.0.0.1:${server.address().port}`,
    cut() {
      broken = true;
      dropAll();
    },
    mend() {
      broken = false;
    },
    async stop() {
      dropAll();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
