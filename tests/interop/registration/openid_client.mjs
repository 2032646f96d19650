// Registers a client with openid-client, by each method, and gets a token as that client. The server's URL is the argument;
// a JSON line comes back for each method.

import { webcrypto } from 'node:crypto';

// Node 18 does not show it.
globalThis.crypto ??= webcrypto;

const openid = await import('openid-client');

const { publicKey, privateKey } = await crypto.subtle.generateKey(
  { name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'],
);
const jwk = await crypto.subtle.exportKey('jwk', publicKey);
const keys = { jwks: { keys: [{ kty: jwk.kty, crv: jwk.crv, x: jwk.x, y: jwk.y, alg: 'ES256' }] } };

const methods = [
  ['client_secret_basic', {}, () => openid.ClientSecretBasic()],
  ['client_secret_post', {}, () => openid.ClientSecretPost()],
  ['client_secret_jwt', {}, () => openid.ClientSecretJwt()],
  ['private_key_jwt', keys, () => openid.PrivateKeyJwt(privateKey)],
];

for (const [method, more, proof] of methods) {
  const word = { method };
  try {
    const metadata = {
      client_name: 'openid-client', grant_types: ['client_credentials'], response_types: [],
      token_endpoint_auth_method: method, ...more,
    };
    const options = { execute: [openid.allowInsecureRequests] };
    const configuration = await openid.dynamicClientRegistration(new URL(process.argv[2]), metadata, proof(), options);
    word.client_id = configuration.clientMetadata().client_id;
    word.access_token = (await openid.clientCredentialsGrant(configuration)).access_token;
  } catch (error) {
    word.failed = `${error} ${error.cause ?? ''} ${JSON.stringify(error.cause?.body ?? '')}`.slice(0, 500);
  }
  console.log(JSON.stringify(word));
}
