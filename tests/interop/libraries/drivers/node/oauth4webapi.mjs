import * as oauth from 'oauth4webapi';

import { Refused, drive, fetchWithCertificate, privateKey, visit } from './driver.mjs';

async function authentication(aTry) {
  switch (aTry.method) {
    case 'client_secret_basic': return oauth.ClientSecretBasic(aTry.client_secret);
    case 'client_secret_post': return oauth.ClientSecretPost(aTry.client_secret);
    case 'client_secret_jwt': return oauth.ClientSecretJwt(aTry.client_secret);
    case 'private_key_jwt': return oauth.PrivateKeyJwt({ key: await privateKey(aTry), kid: aTry.kid });
    case 'tls_client_auth':
    case 'self_signed_tls_client_auth': return oauth.TlsClientAuth();
    default: return oauth.None();
  }
}

async function refusal(error) {
  if (error instanceof oauth.ResponseBodyError) return new Refused(error.error);
  // A challenge hides the body.
  if (error instanceof oauth.WWWAuthenticateChallengeError) return new Refused((await error.response.json()).error);
  return error;
}

await drive(async (setup, aTry) => {
  const client = { client_id: aTry.client_id };
  const proof = await authentication(aTry);
  const options = aTry.certificate ? { [oauth.customFetch]: fetchWithCertificate(aTry, setup) } : {};
  try {
    const issuer = new URL(setup.issuer);
    const discovered = await oauth.discoveryRequest(issuer, { ...options, algorithm: 'oauth2' });
    const server = await oauth.processDiscoveryResponse(issuer, discovered);
    const fields = new URLSearchParams({ scope: 'openid' });
    if (aTry.grant === 'client_credentials') {
      const answer = await oauth.clientCredentialsGrantRequest(server, client, proof, {}, options);
      return (await oauth.processClientCredentialsResponse(server, client, answer)).access_token;
    }
    if (aTry.grant === 'password') {
      fields.set('username', setup.username);
      fields.set('password', setup.password);
      const answer = await oauth.genericTokenEndpointRequest(server, client, proof, 'password', fields, options);
      return (await oauth.processGenericTokenEndpointResponse(server, client, answer)).access_token;
    }
    const [verifier, state] = [oauth.generateRandomCodeVerifier(), oauth.generateRandomState()];
    const url = new URL(server.authorization_endpoint);
    for (const [name, value] of Object.entries({
      client_id: aTry.client_id, redirect_uri: setup.redirect_uri, response_type: 'code', scope: 'openid', state,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
    })) url.searchParams.set(name, value);
    const parameters = oauth.validateAuthResponse(server, client, await visit(url), state);
    const answer = await oauth.authorizationCodeGrantRequest(
      server, client, proof, parameters, setup.redirect_uri, verifier, options,
    );
    const { refresh_token: refresh } = await oauth.processAuthorizationCodeResponse(server, client, answer);
    const again = await oauth.refreshTokenGrantRequest(server, client, proof, refresh, options);
    return (await oauth.processRefreshTokenResponse(server, client, again)).access_token;
  } catch (error) {
    throw await refusal(error);
  }
});
