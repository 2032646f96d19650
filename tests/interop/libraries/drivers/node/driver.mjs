// What all drivers of Node have in common. ../README.md says what is read and written.

import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { createInterface } from 'node:readline';
import { webcrypto } from 'node:crypto';

// Node 18 does not show it.
globalThis.crypto ??= webcrypto;

const words = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

async function read() {
  const { value, done } = await words.next();
  return done ? undefined : JSON.parse(value);
}

function write(word) {
  process.stdout.write(`${JSON.stringify(word)}\n`);
}

/** The URL that the server sends the user's browser back to. */
export async function visit(url) {
  write({ visit: String(url) });
  return new URL((await read()).redirected);
}

/** An error that the server answered. */
export class Refused extends Error {
  constructor(error) {
    super(error);
    this.error = error;
  }
}

/** Hands each try to `attempt(setup, aTry)`, which returns an access token or throws. */
export async function drive(attempt) {
  const setup = await read();
  for (let aTry = await read(); aTry; aTry = await read()) {
    try {
      write({ access_token: await attempt(setup, aTry) });
    } catch (error) {
      const said = error instanceof Refused ? error.error : undefined;
      write(said ? { error: said } : { failed: `${error} ${error.cause ?? ''}`.slice(0, 500) });
    }
  }
}

const PARAMETERS = {
  RS256: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
  RS384: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-384' },
  RS512: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-512' },
  PS256: { name: 'RSA-PSS', hash: 'SHA-256' },
  PS384: { name: 'RSA-PSS', hash: 'SHA-384' },
  PS512: { name: 'RSA-PSS', hash: 'SHA-512' },
  ES256: { name: 'ECDSA', namedCurve: 'P-256' },
  ES384: { name: 'ECDSA', namedCurve: 'P-384' },
  ES512: { name: 'ECDSA', namedCurve: 'P-521' },
  Ed25519: { name: 'Ed25519' },
};

/** A private key for the Web Crypto API. */
export function privateKey({ key, algorithm }) {
  const der = Buffer.from(readFileSync(key, 'utf8').replace(/-----[^-]+-----|\s/g, ''), 'base64');
  return crypto.subtle.importKey('pkcs8', der, PARAMETERS[algorithm], false, ['sign']);
}

/** `fetch` on a connection that shows the client's certificate. */
export function fetchWithCertificate({ certificate, certificate_key: key }, { ca }) {
  const identity = { cert: readFileSync(certificate), key: readFileSync(key), ca: readFileSync(ca) };
  return (url, { method, headers, body }) => new Promise((resolve, reject) => {
    const sent = request(url, { method, headers: Object.fromEntries(new Headers(headers)), ...identity }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('end', () => resolve(
        new Response(Buffer.concat(parts), { status: answer.statusCode, headers: answer.headers }),
      ));
    });
    sent.on('error', reject);
    sent.end(body ? String(body) : undefined);
  });
}
