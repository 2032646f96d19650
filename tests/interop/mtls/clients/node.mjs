// Node's https module. README.md here says what is read and written.

import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { createInterface } from 'node:readline';

async function attempt([url, ca, certificate, key, version, header, form]) {
  const identity = certificate === '-' ? {} : { cert: readFileSync(certificate), key: readFileSync(key) };
  const only = `TLSv${version}`;
  const agent = new Agent({
    ...identity, ca: readFileSync(ca), minVersion: only, maxVersion: only, keepAlive: true, maxSockets: 1,
  });
  const send = () => post(agent, url, header, form);
  const first = await send();
  print('first', first);
  const again = await send();
  print(again.socket === first.socket ? 'again' : 'not-again', again);
  // The sessions stay with the agent.
  agent.destroy();
  const resumed = await send();
  print(resumed.socket.isSessionReused() ? 'resumed' : 'not-resumed', resumed);
  agent.destroy();
}

function post(agent, url, header, form) {
  const headers = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(form) };
  if (header !== '-') {
    const [name, value] = header.split(': ');
    headers[name] = value;
  }
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', agent, headers, timeout: 60_000 }, (response) => {
      const { socket } = response;
      const version = socket.getProtocol().replace('TLSv', '');
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (part) => { body += part; });
      // The agent takes the connection back a moment after the end.
      response.on('end', () => setImmediate(resolve, { status: response.statusCode, version, body, socket }));
    });
    sent.on('timeout', () => sent.destroy(new Error('no answer in a minute')));
    sent.on('error', reject);
    sent.end(form);
  });
}

function print(label, { status, version, body }) {
  console.log([label, status, version, oneLine(body)].join('\t'));
}

function oneLine(text) {
  return text.replace(/\s+/g, ' ');
}

for await (const line of createInterface({ input: process.stdin })) {
  try {
    await attempt(line.split('\t'));
  } catch (error) {
    console.log(`failed\t${oneLine(String(error))}`);
  }
  console.log();
}
