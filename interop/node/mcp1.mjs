// A server of the Model Context Protocol with version 1 of the SDK, and its own check of tokens.
import { InvalidTokenError } from '@modelcontextprotocol/sdk/server/auth/errors.js';
import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js';
import { getOAuthProtectedResourceMetadataUrl, mcpAuthMetadataRouter } from '@modelcontextprotocol/sdk/server/auth/router.js';
import { createMcpExpressApp } from '@modelcontextprotocol/sdk/server/express.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { SubscribeRequestSchema, UnsubscribeRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';

import { echo, serveMCP, watched } from './mcp.mjs';

function newServer() {
  const server = new McpServer({ name: 'interop', version: '1' }, { capabilities: { resources: { subscribe: true } } });
  server.registerTool('echo', { inputSchema: { text: z.string() } }, echo);
  server.registerResource('watched', watched, {}, () => ({ contents: [{ uri: watched, text: '' }] }));
  server.server.setRequestHandler(SubscribeRequestSchema, () => ({}));
  server.server.setRequestHandler(UnsubscribeRequestSchema, () => ({}));
  return server;
}

serveMCP({
  express: createMcpExpressApp,
  bearer: requireBearerAuth,
  metadata: mcpAuthMetadataRouter,
  metadataURL: getOAuthProtectedResourceMetadataUrl,
  invalidToken: (message) => new InvalidTokenError(message),
  session: (options) => ({ server: newServer(), transport: new StreamableHTTPServerTransport(options) }),
});
