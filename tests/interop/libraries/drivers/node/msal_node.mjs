import { X509Certificate, createHash, randomUUID, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';

import {
  ConfidentialClientApplication, CryptoProvider, ProtocolMode, PublicClientApplication,
} from '@azure/msal-node';

import { Refused, drive, visit } from './driver.mjs';

function credential(setup, aTry) {
  if (aTry.method === 'client_secret_post') return { clientSecret: aTry.client_secret };
  if (aTry.assertion === 'own') return { clientAssertion: async () => ownAssertion(setup, aTry) };
  const certificate = new X509Certificate(readFileSync(aTry.certificate));
  const hash = (name) => createHash(name).update(certificate.raw).digest('hex');
  // By SHA-256 it signs with PS256, by SHA-1 with RS256.
  const thumbprint = aTry.algorithm === 'PS256' ? { thumbprintSha256: hash('sha256') } : { thumbprint: hash('sha1') };
  return { clientCertificate: { ...thumbprint, privateKey: readFileSync(aTry.key, 'utf8') } };
}

/** What msal's user signs, with ES256: a new one for each request. */
function ownAssertion(setup, { client_id: id, key, kid }) {
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: id, sub: id, aud: setup.issuer, jti: randomUUID(), iat: now, exp: now + 60 };
  const parts = [{ alg: 'ES256', kid }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
  const options = { key: readFileSync(key), dsaEncoding: 'ieee-p1363' };
  return [...parts, sign('sha256', Buffer.from(parts.join('.')), options).toString('base64url')].join('.');
}

function applicationOf(setup, aTry) {
  const metadata = {
    issuer: setup.issuer, authorization_endpoint: setup.authorization_endpoint,
    token_endpoint: setup.token_endpoint, jwks_uri: setup.jwks_uri,
  };
  const auth = {
    clientId: aTry.client_id, authority: setup.issuer, knownAuthorities: [new URL(setup.issuer).host],
    authorityMetadata: JSON.stringify(metadata),
  };
  const system = { protocolMode: ProtocolMode.OIDC, loggerOptions: { loggerCallback() {} } };
  if (aTry.method === 'none') return new PublicClientApplication({ auth, system });
  return new ConfidentialClientApplication({ auth: { ...auth, ...credential(setup, aTry) }, system });
}

async function acquire(application, setup, aTry) {
  if (aTry.grant === 'client_credentials') {
    let token;
    for (let times = 0; times < (aTry.times ?? 1); times += 1) {
      token = await application.acquireTokenByClientCredential({ scopes: ['api'], skipCache: true });
    }
    return token;
  }
  // It asks for openid, profile and offline_access itself.
  const scopes = [];
  if (aTry.grant === 'password') {
    const { username, password } = setup;
    return application.acquireTokenByUsernamePassword({ scopes, username, password });
  }
  const provider = new CryptoProvider();
  const { verifier, challenge } = await provider.generatePkceCodes();
  const request = {
    scopes, redirectUri: setup.redirect_uri, state: provider.createNewGuid(), nonce: provider.createNewGuid(),
  };
  const url = await application.getAuthCodeUrl({ ...request, codeChallenge: challenge, codeChallengeMethod: 'S256' });
  const { code, state } = Object.fromEntries((await visit(url)).searchParams);
  const redeemed = { ...request, code, codeVerifier: verifier };
  const { account } = await application.acquireTokenByCode(redeemed, { code, state });
  // The refresh token stays in its cache.
  return application.acquireTokenSilent({ scopes, account, forceRefresh: true });
}

await drive(async (setup, aTry) => {
  try {
    return (await acquire(applicationOf(setup, aTry), setup, aTry)).accessToken;
  } catch (error) {
    throw error.name === 'ServerError' ? new Refused(error.errorCode) : error;
  }
});
