import { X509Certificate, createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { ConfidentialClientApplication, ProtocolMode } from '@azure/msal-node';

import { Refused, drive } from './driver.mjs';

function credential(aTry) {
  if (aTry.method === 'client_secret_post') return { clientSecret: aTry.client_secret };
  const certificate = new X509Certificate(readFileSync(aTry.certificate));
  const hash = (name) => createHash(name).update(certificate.raw).digest('hex');
  // By SHA-256 it signs with PS256, by SHA-1 with RS256.
  const thumbprint = aTry.algorithm === 'PS256' ? { thumbprintSha256: hash('sha256') } : { thumbprint: hash('sha1') };
  return { clientCertificate: { ...thumbprint, privateKey: readFileSync(aTry.key, 'utf8') } };
}

await drive(async (setup, aTry) => {
  const metadata = {
    issuer: setup.issuer, authorization_endpoint: setup.authorization_endpoint,
    token_endpoint: setup.token_endpoint, jwks_uri: setup.jwks_uri,
  };
  const application = new ConfidentialClientApplication({
    auth: {
      clientId: aTry.client_id, authority: setup.issuer, knownAuthorities: [new URL(setup.issuer).host],
      authorityMetadata: JSON.stringify(metadata), ...credential(aTry),
    },
    system: { protocolMode: ProtocolMode.OIDC, loggerOptions: { loggerCallback() {} } },
  });
  let token;
  for (let times = 0; times < (aTry.times ?? 1); times += 1) {
    try {
      token = await application.acquireTokenByClientCredential({ scopes: ['api'], skipCache: true });
    } catch (error) {
      throw error.name === 'ServerError' ? new Refused(error.errorCode) : error;
    }
  }
  return token.accessToken;
});
