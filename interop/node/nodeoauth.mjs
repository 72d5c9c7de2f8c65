// @node-oauth/oauth2-server as an authorization server, and two APIs that let it check their tokens: one sends the library's
// headers, the other, as in many applications, its status and body alone.
import { createServer } from 'node:http';

import OAuth2Server from '@node-oauth/oauth2-server';

import { obey, say } from './control.mjs';
import { Store } from './store.mjs';

const { Request, Response } = OAuth2Server;

obey(async ({ port, lifetime, state, secrets }) => {
  const tokens = new Store(state).model('Token');
  const clients = new Map(Object.entries(secrets));
  const server = new OAuth2Server({
    accessTokenLifetime: lifetime,
    model: {
      getClient: async (id, secret) => clients.get(id) === secret && { id, grants: ['client_credentials'] },
      getUserFromClient: async ({ id }) => ({ id }),
      validateScope: async (user, client, scope) => scope ?? [],
      saveToken: async (token, client, user) => {
        const saved = { ...token, client, user };
        await tokens.upsert(token.accessToken, saved);
        return saved;
      },
      getAccessToken: async (value) => {
        const token = await tokens.find(value);
        return token && { ...token, accessTokenExpiresAt: new Date(token.accessTokenExpiresAt) };
      },
    },
  });

  // serve lets the library handle a request. It sends the library's headers if withHeaders.
  async function serve(req, res, withHeaders, handle) {
    const { searchParams } = new URL(req.url, 'http://localhost');
    const body = Object.fromEntries(new URLSearchParams(Buffer.concat(await Array.fromAsync(req)).toString()));
    const response = new Response();
    try {
      await handle(new Request({
        headers: req.headers, method: req.method, query: Object.fromEntries(searchParams), body,
      }), response);
    } catch (error) {
      response.status = error.code;
      response.body = { error: error.name, error_description: error.message };
    }
    const headers = withHeaders ? response.headers : {};
    res.writeHead(response.status, { ...headers, 'Content-Type': 'application/json' }).end(JSON.stringify(response.body));
  }

  const http = createServer((req, res) => {
    if (req.method === 'POST' && req.url === '/token') {
      say({ event: 'token request' });
      return serve(req, res, true, (request, response) => server.token(request, response));
    }
    return serve(req, res, req.url === '/api', (request, response) => server.authenticate(request, response));
  });
  await new Promise((resolve, reject) => {
    http.on('error', reject).listen(port, '127.0.0.1', resolve);
  });

  return {
    // client gives a client another secret.
    client: ({ id, secret }) => clients.set(id, secret),
    // revoke removes every token: the library has no endpoint for it.
    revoke: () => tokens.clear(),
    // flush does nothing: its reply comes after all that was said before.
    flush: () => {},
  };
});
