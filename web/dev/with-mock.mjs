// Runs a command against a mock server of its own: `node dev/with-mock.mjs node --test …`.
import { spawn } from 'node:child_process';
import { startMock } from './mock-server.mjs';
import { AGENTS } from './mock/desk.mjs';

const [maria, ben] = AGENTS;
const mock = await startMock();
const [command, ...args] = process.argv.slice(2);
const child = spawn(command, args, {
  stdio: 'inherit',
  env: {
    ...process.env, DESKHAND_URL: mock.url, DESKHAND_LINK: 'demo-link',
    DESKHAND_AGENT_EMAIL: maria.email, DESKHAND_AGENT_PASSWORD: maria.password,
    DESKHAND_AGENT2_EMAIL: ben.email, DESKHAND_AGENT2_PASSWORD: ben.password,
  },
});
child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
