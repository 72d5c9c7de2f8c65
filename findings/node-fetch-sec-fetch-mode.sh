#!/usr/bin/env bash
# Software:    fetch and the module http of Node 20.20.2
# Guess:       Node's fetch sends what the program asks for; the fields Sec-Fetch-* are for browsers.
# Happens:     it sends "Sec-Fetch-Mode: cors", and no other of these fields. The module http sends none.
# Consequence: a server on loopback that keeps web pages away by refusing Sec-Fetch-* refuses Node programs as well. Browsers
#              send Sec-Fetch-Site with it. A program can leave the field out with a dispatcher of its own.
# Date:        2026-11. Needs no Go. Installs Debian's nodejs if there is no node.
set -euo pipefail
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir"
command -v node >/dev/null || { apt-get update && apt-get install -y --no-install-recommends nodejs; } >log 2>&1 || { cat log; exit 2; }
cat > probe.mjs <<'EOF2'
import http from 'node:http'

const seen = []
const server = http.createServer((request, response) => {
	seen.push(Object.keys(request.headers).filter(name => name.startsWith('sec-fetch-')).map(name => `${name}: ${request.headers[name]}`).join(', '))
	response.end()
})
await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
const url = `http://127.0.0.1:${server.address().port}/`
await (await fetch(url)).text()
await new Promise(resolve => http.get(url, { agent: false }, response => response.resume().on('end', resolve)))
const dispatcher = {
	dispatch: ({ headers, ...options }, handler) => {
		const { 'sec-fetch-mode': _, ...others } = headers
		return globalThis[Symbol.for('undici.globalDispatcher.1')].dispatch({ ...options, headers: others }, handler)
	},
}
await (await fetch(url, { dispatcher })).text()
server.close()
server.closeAllConnections()
console.log('Node', process.version)
for (const [i, what] of ['fetch', 'module http', 'fetch with a dispatcher'].entries()) console.log(`${what}: ${seen[i] || 'none'}`)
if (seen.join('|') !== 'sec-fetch-mode: cors||') {
	console.log('CHANGED: this is not what was seen in 2026-11:', seen)
	process.exit(1)
}
EOF2
echo "Guess:   fetch sends no Sec-Fetch-*."
echo "Happens: it sends Sec-Fetch-Mode: cors (Node 20.20.2, 2026-11)."
timeout 60 node --no-warnings probe.mjs
