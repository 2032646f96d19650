import { createHash, randomBytes } from 'node:crypto';

import { AuthorizationCode, ClientCredentials, ResourceOwnerPassword } from 'simple-oauth2';

import { Refused, drive, visit } from './driver.mjs';

const GRANTS = {
  client_credentials: ClientCredentials, password: ResourceOwnerPassword, authorization_code: AuthorizationCode,
};

await drive(async (setup, aTry) => {
  const grant = new GRANTS[aTry.grant]({
    client: { id: aTry.client_id, secret: aTry.client_secret },
    auth: {
      tokenHost: setup.issuer, tokenPath: '/token',
      ...aTry.grant === 'authorization_code' && { authorizeHost: setup.issuer, authorizePath: '/authorize' },
    },
    options: {
      authorizationMethod: aTry.method === 'client_secret_post' ? 'body' : 'header',
      credentialsEncodingMode: aTry.mode ?? 'strict',
    },
  });
  try {
    if (aTry.grant === 'client_credentials') return (await grant.getToken({})).token.access_token;
    if (aTry.grant === 'password') {
      const user = { username: setup.username, password: setup.password, scope: 'openid' };
      return (await grant.getToken(user)).token.access_token;
    }
    const [verifier, state] = [randomBytes(32).toString('base64url'), randomBytes(16).toString('base64url')];
    const came = await visit(grant.authorizeURL({
      redirect_uri: setup.redirect_uri, scope: 'openid', state,
      code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256',
    }));
    if (came.searchParams.get('state') !== state) throw new Error('another state');
    const code = came.searchParams.get('code');
    const tokens = await grant.getToken({ code, redirect_uri: setup.redirect_uri, code_verifier: verifier });
    return (await tokens.refresh()).token.access_token;
  } catch (error) {
    const said = error.data?.payload?.error;
    throw said ? new Refused(said) : error;
  }
});
