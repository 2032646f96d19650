import { promisify } from 'node:util';

import OAuth2Strategy from 'passport-oauth2';

import { Refused, drive, visit } from './driver.mjs';

/** The strategy's own way through a request: ends with a redirect, a user or an error. */
function authenticate(strategy, request) {
  return new Promise((resolve, reject) => {
    const own = Object.create(strategy);
    Object.assign(own, {
      redirect: (url) => resolve({ url }), success: (user) => resolve({ user }), error: reject,
      fail: (challenge, status) => reject(new Error(`failed with ${status}: ${JSON.stringify(challenge)}`)),
    });
    own.authenticate(request, { scope: 'openid' });
  });
}

await drive(async (setup, aTry) => {
  const strategy = new OAuth2Strategy({
    authorizationURL: setup.authorization_endpoint, tokenURL: setup.token_endpoint, callbackURL: setup.redirect_uri,
    clientID: aTry.client_id, clientSecret: aTry.client_secret ?? '', pkce: true, state: true,
  }, (access, refresh, profile, done) => done(null, { access, refresh }));
  strategy.userProfile = (token, done) => done(null, {});
  // What speaks to the token endpoint, without a log-in.
  const oauth = strategy._oauth2;
  const token = promisify((code, fields, done) => oauth.getOAuthAccessToken(
    code, fields, (error, access, refresh) => done(error, access),
  ));
  try {
    if (aTry.grant === 'client_credentials') return await token('', { grant_type: 'client_credentials' });
    const request = { session: {}, query: {}, headers: {}, app: {} };
    const { url } = await authenticate(strategy, request);
    const came = await visit(url);
    const { user } = await authenticate(strategy, { ...request, query: Object.fromEntries(came.searchParams) });
    return await token(user.refresh, { grant_type: 'refresh_token' });
  } catch (error) {
    const body = (error.oauthError ?? error).data;
    const said = error.code && !error.oauthError && typeof error.code === 'string' ? error.code : undefined;
    throw body || said ? new Refused(said ?? JSON.parse(body).error) : error;
  }
});
