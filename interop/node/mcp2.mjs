// A server of the Model Context Protocol with version 2 of the SDK, and its own check of tokens. It serves version 2026-07-28 of
// the protocol, and beside it the earlier ones with sessions.
import { createMcpExpressApp, getOAuthProtectedResourceMetadataUrl, mcpAuthMetadataRouter, requireBearerAuth } from '@modelcontextprotocol/express';
import { NodeStreamableHTTPServerTransport, toNodeHandler, toWebRequest } from '@modelcontextprotocol/node';
import { McpServer, OAuthError, OAuthErrorCode, createMcpHandler, isLegacyRequest } from '@modelcontextprotocol/server';
import { z } from 'zod';

import { echo, serveMCP, watched } from './mcp.mjs';

function newServer() {
  const server = new McpServer({ name: 'interop', version: '1' }, { capabilities: { resources: { subscribe: true } } });
  server.registerTool('echo', { inputSchema: z.object({ text: z.string() }) }, echo);
  server.registerResource('watched', watched, {}, () => ({ contents: [{ uri: watched, text: '' }] }));
  return server;
}

function newLegacyServer() {
  const server = newServer();
  server.server.setRequestHandler('resources/subscribe', () => ({}));
  server.server.setRequestHandler('resources/unsubscribe', () => ({}));
  return server;
}

const modern = createMcpHandler(newServer, { legacy: 'reject' });

serveMCP({
  express: createMcpExpressApp,
  bearer: requireBearerAuth,
  metadata: mcpAuthMetadataRouter,
  metadataURL: getOAuthProtectedResourceMetadataUrl,
  invalidToken: (message) => new OAuthError(OAuthErrorCode.InvalidToken, message),
  session: (options) => ({ server: newLegacyServer(), transport: new NodeStreamableHTTPServerTransport(options) }),
  modern: {
    handles: async (req) => !await isLegacyRequest(await toWebRequest(req, req.body), req.body),
    handle: toNodeHandler(modern),
    send: (params) => modern.bus.publish({ kind: 'resource_updated', uri: params.uri, params }),
  },
});
