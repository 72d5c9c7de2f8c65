// The API: what it asks of a token is checked by oidc-provider's own helpers wherever those do not insist on a user.
import { jwtVerify } from 'jose';

import certificateThumbprint from 'oidc-provider/lib/helpers/certificate_thumbprint.js';
import { InvalidToken } from 'oidc-provider/lib/helpers/errors.js';
import validateDpop, { checkDpopReplay } from 'oidc-provider/lib/helpers/validate_dpop.js';
import challenge from 'oidc-provider/lib/shared/set_www_authenticate_header.js';

// api serves each path of audiences to tokens for that audience: undefined stands for opaque ones, which have none. What
// is no opaque token has to be signed by one of keys.
export function api(provider, keys, audiences) {
  const withChallenge = challenge();

  return async (ctx, next) => {
    if (!Object.hasOwn(audiences, ctx.path)) return next();
    ctx.oidc = new provider.OIDCContext(ctx);
    ctx.oidc.urlFor = () => new URL(ctx.path, ctx.href).href;
    try {
      await withChallenge(ctx, () => check(provider, keys, ctx, audiences[ctx.path]));
      ctx.body = { ok: true };
    } catch (error) {
      if (!error.expose) throw error;
      ctx.status = error.statusCode;
      ctx.body = { error: error.error, error_description: error.error_description };
    }
    return undefined;
  };
}

// check throws unless the request carries a token that is good for audience, and its proof of possession is valid.
async function check(provider, keys, ctx, audience) {
  const value = ctx.oidc.getAccessToken({ acceptDPoP: true });
  const token = audience ? await fromJWT(provider, keys, value, audience) : await provider.ClientCredentials.find(value);
  if (!token || Boolean(token.aud) !== Boolean(audience)) throw new InvalidToken('access token not found');
  ctx.oidc.entity('AccessToken', token);
  ctx.oidc.entity('Client', await provider.Client.find(token.clientId)); // who decides whether a nonce is asked for

  const proof = await validateDpop(provider, ctx, value);
  await checkDpopReplay(provider, ctx, proof, token.clientId, InvalidToken);
  if (token.jkt !== proof?.thumbprint) throw new InvalidToken('failed jkt verification');

  const certificate = ctx.socket.getPeerX509Certificate();
  const bound = token['x5t#S256'];
  if (bound && (!certificate || bound !== certificateThumbprint(certificate))) {
    throw new InvalidToken('failed x5t#S256 verification');
  }
}

// fromJWT is what a token says of itself, in the shape of a stored one.
async function fromJWT(provider, keys, value, audience) {
  try {
    const { payload } = await jwtVerify(value, keys, { typ: 'at+jwt', issuer: provider.issuer, audience });
    return { ...payload.cnf, aud: payload.aud, clientId: payload.client_id };
  } catch {
    return undefined;
  }
}
