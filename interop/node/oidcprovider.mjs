// oidc-provider as an authorization server for clients alone, and an API that takes its tokens.
//
// Four listeners: the issuer; two aliases of it that ask for client certificates, of which the second names the authority that
// they have to be of; and the API, which asks for any as well.
import { createServer } from 'node:https';
import { X509Certificate, generateKeyPairSync, randomBytes } from 'node:crypto';

import { createLocalJWKSet } from 'jose';
import Provider from 'oidc-provider';

import { api } from './api.mjs';
import { obey, say } from './control.mjs';
import { Store } from './store.mjs';

// asksForNonces selects the clients whose DPoP proofs must hold a nonce, by the end of their names.
const asksForNonces = (ctx) => Boolean(ctx.oidc.client?.clientId.endsWith('nonces'));

// host is where a listener is.
const host = (port) => `https://127.0.0.1:${port}`;

// certificateOf is the certificate that the client showed, if any.
const certificateOf = (ctx) => ctx.socket.getPeerX509Certificate();

// isOf reports whether an authority signed a certificate.
const isOf = (authority, certificate) => certificate.checkIssued(authority) && certificate.verify(authority.publicKey);

// newKeys are what a server signs with, and makes its nonces from.
function newKeys() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    jwk: { ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig', kid: randomBytes(8).toString('hex') },
    nonceSecret: randomBytes(32).toString('base64'),
  };
}

function newProvider({ ports, tls, lifetime, scope }, store, keys) {
  const authority = new X509Certificate(tls.ca);
  const issuer = host(ports.issuer);
  const mtls = host(ports.mtls);
  const resource = `${host(ports.api)}/stock`;
  const provider = new Provider(issuer, {
    adapter: (model) => store.model(model),
    jwks: { keys: [keys.jwk] },
    cookies: { keys: [keys.nonceSecret] },
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    clientAuthMethods: [
      'client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'private_key_jwt', 'tls_client_auth',
      'self_signed_tls_client_auth',
    ],
    scopes: [scope],
    ttl: { ClientCredentials: () => lifetime },
    clockTolerance: 0, // or tokens would be taken for longer than they are said to live
    discovery: {
      mtls_endpoint_aliases: {
        token_endpoint: `${mtls}/token`,
        revocation_endpoint: `${mtls}/token/revocation`,
        introspection_endpoint: `${mtls}/token/introspection`,
      },
    },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true },
      revocation: { enabled: true },
      dPoP: { enabled: true, nonceSecret: Buffer.from(keys.nonceSecret, 'base64'), requireNonce: asksForNonces },
      mTLS: {
        enabled: true,
        certificateBoundAccessTokens: true,
        tlsClientAuth: true,
        selfSignedTlsClientAuth: true,
        getCertificate: certificateOf,
        certificateAuthorized: (ctx) => isOf(authority, certificateOf(ctx)),
        certificateSubjectMatches: (ctx, property, expected) => property === 'tls_client_auth_san_dns'
          && certificateOf(ctx).subjectAltName.split(', ').includes(`DNS:${expected}`),
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => undefined,
        // Tokens for MCP servers are opaque: they ask about them.
        getResourceServerInfo: (ctx, indicator) => ({
          scope, audience: indicator, accessTokenTTL: lifetime, accessTokenFormat: new URL(indicator).pathname === '/mcp' ? 'opaque' : 'jwt',
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
  });
  provider.use((ctx, next) => {
    if (ctx.method === 'POST' && ctx.path === '/token') say({ event: 'token request' });
    return next();
  });
  const { d, ...publicKey } = keys.jwk;
  provider.use(api(provider, createLocalJWKSet({ keys: [publicKey] }), { '/api': undefined, '/stock': resource }));
  return provider;
}

function listen(port, options, handler) {
  return new Promise((resolve, reject) => {
    createServer(options, handler).on('error', reject).listen(port, '127.0.0.1', resolve);
  });
}

obey(async (config) => {
  const store = new Store(config.state);
  const settings = store.model('Settings');
  let handler;

  // use makes a provider around keys. It takes the last one's place between two requests.
  const use = async (keys) => {
    await settings.upsert('keys', keys);
    handler = newProvider(config, store, keys).callback();
  };
  await use(await settings.find('keys') ?? newKeys());

  const handle = (req, res) => handler(req, res);
  const { ports, tls: { cert, key, ca } } = config;
  const asking = { cert, key, requestCert: true, rejectUnauthorized: false };
  await listen(ports.issuer, { cert, key }, handle);
  await listen(ports.mtls, asking, handle);
  await listen(ports.named, { ...asking, ca }, handle);
  await listen(ports.api, asking, handle);

  return {
    // client registers a client, or replaces what was registered under its name.
    client: ({ client }) => store.model('Client').upsert(client.client_id, client),
    // revoke takes back every token: those that are known here one by one, the others by a change of keys.
    revoke: async () => {
      await store.model('ClientCredentials').clear();
      await use(newKeys());
    },
    // flush does nothing: its reply comes after all that was said before.
    flush: () => {},
  };
});
