import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from "jose";

/** Somebody else's identity provider: a small one by the book, whose answers a test can change. */
export interface IdentityProvider {
  readonly issuer: string;
  /** What it publishes; a test may change it. */
  readonly jwks: { keys: JWK[] };
  /** How often it was asked for its keys. */
  readonly asked: { count: number };
  /** Signs claims as it would for its users; what is given replaces what it says by itself. */
  sign(claims: JWTPayload, header?: Record<string, unknown>): Promise<string>;
  /** Signs with a new key from now on, and publishes it. */
  rotate(): Promise<void>;
  close(): Promise<void>;
}

/** @param now what time it says in its tokens: the clock of the server that trusts it. */
export async function startIdentityProvider(now: () => number): Promise<IdentityProvider> {
  const jwks: { keys: JWK[] } = { keys: [] };
  const asked = { count: 0 };
  let current = await makeKey();
  jwks.keys.push(current.jwk);
  const server = createServer((request, response) => {
    response.setHeader("content-type", "application/json");
    if (request.url === "/.well-known/openid-configuration") {
      response.end(JSON.stringify({ issuer, jwks_uri: `${issuer}/keys` }));
    } else if (request.url === "/keys") {
      asked.count++;
      response.end(JSON.stringify(jwks));
    } else response.writeHead(404).end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    issuer,
    jwks,
    asked,
    sign: (claims, header = {}) => {
      const seconds = Math.floor(now() / 1000);
      return new SignJWT({ iss: issuer, iat: seconds, exp: seconds + 300, ...claims })
        .setProtectedHeader({ alg: "ES256", typ: "JWT", kid: current.jwk.kid ?? "", ...header })
        .sign(current.privateKey);
    },
    async rotate() {
      current = await makeKey();
      jwks.keys.push(current.jwk);
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

async function makeKey() {
  const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
  const kid = crypto.randomUUID();
  return { privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: "ES256", use: "sig" } };
}
