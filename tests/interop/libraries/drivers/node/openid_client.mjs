import * as openid from 'openid-client';

import { Refused, drive, fetchWithCertificate, privateKey, visit } from './driver.mjs';

async function authentication(aTry) {
  switch (aTry.method) {
    case 'client_secret_basic': return openid.ClientSecretBasic(aTry.client_secret);
    case 'client_secret_post': return openid.ClientSecretPost(aTry.client_secret);
    case 'client_secret_jwt': return openid.ClientSecretJwt(aTry.client_secret);
    case 'private_key_jwt': return openid.PrivateKeyJwt({ key: await privateKey(aTry), kid: aTry.kid });
    case 'tls_client_auth':
    case 'self_signed_tls_client_auth': return openid.TlsClientAuth();
    default: return openid.None();
  }
}

async function refusal(error) {
  if (error instanceof openid.ResponseBodyError) return new Refused(error.error);
  // A challenge hides the body.
  if (error instanceof openid.WWWAuthenticateChallengeError) return new Refused((await error.response.json()).error);
  return error;
}

await drive(async (setup, aTry) => {
  const metadata = { id_token_signed_response_alg: aTry.id_token_algorithm };
  const options = aTry.certificate ? { [openid.customFetch]: fetchWithCertificate(aTry, setup) } : {};
  const proof = await authentication(aTry);
  const configuration = await openid.discovery(new URL(setup.issuer), aTry.client_id, metadata, proof, options);
  try {
    if (aTry.grant === 'client_credentials') {
      return (await openid.clientCredentialsGrant(configuration)).access_token;
    }
    if (aTry.grant === 'password') {
      const user = { username: setup.username, password: setup.password, scope: 'openid' };
      return (await openid.genericGrantRequest(configuration, 'password', user)).access_token;
    }
    const [verifier, state] = [openid.randomPKCECodeVerifier(), openid.randomState()];
    const url = openid.buildAuthorizationUrl(configuration, {
      redirect_uri: setup.redirect_uri, scope: 'openid', state,
      code_challenge: await openid.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
    });
    const checks = { pkceCodeVerifier: verifier, expectedState: state };
    const tokens = await openid.authorizationCodeGrant(configuration, await visit(url), checks);
    return (await openid.refreshTokenGrant(configuration, tokens.refresh_token)).access_token;
  } catch (error) {
    throw await refusal(error);
  }
});
