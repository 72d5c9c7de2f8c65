// oauth2-mock-server, with responses of its token endpoint changed as the test wants them, and an API that checks its tokens.
import { createServer } from 'node:http';
import { randomUUID } from 'node:crypto';

import { createLocalJWKSet, jwtVerify } from 'jose';
import { Events, OAuth2Issuer, OAuth2Service } from 'oauth2-mock-server';

import { obey, say } from './control.mjs';
import { Store } from './store.mjs';

obey(async ({ port, lifetime, state }) => {
  const base = `http://127.0.0.1:${port}`;
  const settings = new Store(state).model('Settings');
  const queued = []; // responses to come
  const byRequest = new WeakMap(); // by request: the hooks are told of requests alone
  let service;

  // use makes a service around a key; undefined: one that it makes.
  async function use(key) {
    const issuer = new OAuth2Issuer();
    issuer.url = base;
    await settings.upsert('key', key ? await issuer.keys.add(key) : await issuer.keys.generate('ES256'));
    service = new OAuth2Service(issuer);
    service.on(Events.BeforeTokenSigning, (token) => {
      Object.assign(token.payload, { exp: token.payload.iat + lifetime, jti: randomUUID() });
    });
    service.on(Events.BeforeResponse, (response, req) => {
      response.body.expires_in = lifetime;
      if (queued.length > 0) change(response, byRequest.get(req), queued.shift());
    });
    service.addRoute('GET', '/api', (req, res) => api(createLocalJWKSet({ keys: issuer.keys.toJSON() }), req, res));
  }
  await use(await settings.find('key'));

  const server = createServer((req, res) => {
    if (req.method === 'POST' && req.url === '/token') say({ event: 'token request' });
    byRequest.set(req, res);
    service.requestHandler(req, res);
  });
  await new Promise((resolve, reject) => {
    server.on('error', reject).listen(port, '127.0.0.1', resolve);
  });

  return {
    // change queues what the next responses are to be like.
    change: ({ responses }) => queued.push(...responses),
    // revoke changes the key, for the server forgets its tokens as soon as it has made them.
    revoke: () => use(),
    // flush does nothing: its reply comes after all that was said before.
    flush: () => {},
  };
});

// change makes another response of it. What is no JSON takes the JSON's place at the last moment.
function change(response, res, { status, header, members, without, body, text, cut }) {
  if (cut) res.destroy();
  if (status) response.statusCode = status;
  for (const [name, value] of Object.entries(header ?? {})) res.setHeader(name, value);
  Object.assign(response.body, members);
  for (const name of without ?? []) delete response.body[name];
  if (body !== undefined) response.body = body;
  if (text !== undefined) {
    const { end } = res;
    res.end = () => {
      if (header?.['Content-Type']) res.setHeader('Content-Type', header['Content-Type']);
      res.setHeader('Content-Length', Buffer.byteLength(text));
      return end.call(res, text);
    };
  }
}

// api takes the tokens that one of keys has signed.
async function api(keys, req, res) {
  const [, token] = /^Bearer (.+)$/i.exec(req.headers.authorization ?? '') ?? [];
  try {
    if (token) await jwtVerify(token, keys);
  } catch (error) {
    res.writeHead(401, { 'WWW-Authenticate': `Bearer error="invalid_token", error_description="${error.code}"` }).end();
    return;
  }
  if (token) res.writeHead(200, { 'Content-Type': 'application/json' }).end('{"ok":true}');
  else res.writeHead(401, { 'WWW-Authenticate': 'Bearer realm="oauth2-mock-server"' }).end();
}
