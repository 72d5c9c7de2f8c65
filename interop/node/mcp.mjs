// What the servers of the Model Context Protocol have in common: sessions with a stream of events each, the check of tokens at
// an authorization server (RFC 7662), and the commands of the test.
import { Agent, request } from 'node:https';
import { randomUUID } from 'node:crypto';

import { obey, say } from './control.mjs';

// watched is the resource whose changes are the events.
export const watched = 'file:///watched';

// ask sends a request over TLS to who has a certificate of an authority, and returns the JSON of the response.
function ask(url, { agent, form, credentials }) {
  return new Promise((resolve, reject) => {
    const headers = form ? { Authorization: `Basic ${credentials}`, 'Content-Type': 'application/x-www-form-urlencoded' } : {};
    const sent = request(url, { agent, method: form ? 'POST' : 'GET', headers }, async (res) => {
      try {
        const body = Buffer.concat(await Array.fromAsync(res)).toString();
        if (res.statusCode === 200) resolve(JSON.parse(body));
        else reject(new Error(`${url}: ${res.statusCode} ${body}`));
      } catch (error) {
        reject(error);
      }
    });
    sent.on('error', reject).end(form && new URLSearchParams(form).toString());
  });
}

// EventStore keeps the events of one session, in order, for clients that come back. That of the SDK's examples takes the part
// of an event's name before the first "_" for its stream, which loses the stream beside the calls: it is named "_GET_stream".
class EventStore {
  #events = [];

  async storeEvent(stream, message) {
    this.#events.push({ stream, message });
    return String(this.#events.length);
  }

  async replayEventsAfter(last, { send }) {
    const { stream } = this.#events[last - 1];
    for (let i = Number(last); i < this.#events.length; i += 1) {
      // A priming event is no message: it only names a place in the stream.
      if (this.#events[i].stream === stream && this.#events[i].message.jsonrpc) await send(String(i + 1), this.#events[i].message);
    }
    return stream;
  }
}

// StrictEventStore has the server refuse a client that comes back to a stream which it believes to be open.
class StrictEventStore extends EventStore {
  #streams = [];

  async storeEvent(stream, message) {
    this.#streams.push(stream);
    return super.storeEvent(stream, message);
  }

  async getStreamIdForEventId(id) {
    return this.#streams[id - 1];
  }
}

// serveMCP serves one SDK. sdk makes it from what the tests have chosen:
//
//   express, bearer, metadata, metadataURL   the SDK's own middleware
//   invalidToken, otherError                 the errors by which its middleware knows what to respond
//   session(options)                         a server and a transport for one session
//   modern                                   what serves protocol version 2026-07-28; undefined: it does not
export function serveMCP(sdk) {
  obey(async ({ port, issuer, introspection, ca, scope, strict }) => {
    const agent = new Agent({ ca, keepAlive: true });
    const endpoint = new URL(`http://127.0.0.1:${port}/mcp`);
    const credentials = Buffer.from([introspection.id, introspection.secret].map(encodeURIComponent).join(':')).toString('base64');
    const sessions = new Map(); // by id
    const streams = new Set(); // responses that are open streams of events
    let refusing = '';

    const verifier = {
      verifyAccessToken: async (token) => {
        const found = await ask(introspection.url, { agent, credentials, form: { token } });
        if (!found.active || refusing === 'token') throw sdk.invalidToken('the token is not active');
        return {
          token,
          clientId: found.client_id,
          scopes: refusing === 'scope' ? [] : found.scope.split(' '),
          expiresAt: found.exp,
          resource: found.aud && new URL(found.aud),
        };
      },
    };

    const app = sdk.express();
    app.use(sdk.metadata({
      oauthMetadata: await ask(`${issuer}/.well-known/openid-configuration`, { agent }),
      resourceServerUrl: endpoint,
      scopesSupported: [scope],
      resourceName: 'interop',
    }));
    app.use('/mcp', (req, res, next) => {
      const { writeHead } = res;
      const listens = req.method === 'GET' || req.headers['mcp-method'] === 'subscriptions/listen';
      res.writeHead = (status, ...rest) => {
        say({ event: `${listens ? 'stream' : req.method} ${status}${req.headers['last-event-id'] ? ' resumed' : ''}` });
        if (listens && status === 200) {
          streams.add(res);
          res.on('close', () => streams.delete(res));
        }
        return writeHead.call(res, status, ...rest);
      };
      next();
    });
    app.use('/mcp', sdk.bearer({
      verifier, requiredScopes: [scope], expectedResource: endpoint, resourceMetadataUrl: sdk.metadataURL(endpoint),
    }));
    app.all('/mcp', async (req, res) => {
      if (await sdk.modern?.handles(req)) return sdk.modern.handle(req, res, req.body);
      const id = req.headers['mcp-session-id'];
      let session = sessions.get(id);
      if (!session && id) {
        return res.status(404).json({ jsonrpc: '2.0', error: { code: -32001, message: 'Session not found' }, id: null });
      }
      if (!session) {
        session = sdk.session({
          sessionIdGenerator: randomUUID,
          eventStore: strict ? new StrictEventStore() : new EventStore(),
          onsessioninitialized: (name) => sessions.set(name, session),
          onsessionclosed: (name) => sessions.delete(name),
        });
        await session.server.connect(session.transport);
      }
      return session.transport.handleRequest(req, res, req.body);
    });
    await new Promise((resolve, reject) => {
      app.listen(port, '127.0.0.1', (error) => (error ? reject(error) : resolve()));
    });

    return {
      // send sends an event to all clients.
      send: async ({ n }) => {
        sdk.modern?.send({ uri: watched, _meta: { n } });
        for (const { server } of sessions.values()) await server.server.sendResourceUpdated({ uri: watched, _meta: { n } });
      },
      // end ends the streams beside the calls, by the SDK's own means.
      end: () => sessions.forEach(({ transport }) => transport.closeStandaloneSSEStream()),
      // break closes the connections of all open streams.
      break: () => streams.forEach((res) => res.destroy()),
      // refuse has the middleware refuse all tokens ("token"), or their scope ("scope"), or none ("").
      refuse: ({ what }) => { refusing = what; },
    };
  });
}

// echo is the one tool.
export function echo({ text }) {
  say({ event: 'call' });
  return { content: [{ type: 'text', text }] };
}
