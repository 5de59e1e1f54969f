import { jwtVerify, SignJWT } from "jose";
import { type Contender, contender, received, unexpected } from "./contender.js";

/** What checking a signed token costs, with its signature checked every time: HS256, the cheapest there is. */
export async function tokenVerification(): Promise<Contender> {
  const secret = crypto.getRandomValues(new Uint8Array(32));
  const key = await crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-256" }, false, [
    "sign",
    "verify",
  ]);
  const tokens = await Promise.all(
    Array.from({ length: 1_000 }, (_, index) =>
      new SignJWT({ scope: "orders:read orders:write" })
        .setProtectedHeader({ alg: "HS256" })
        .setSubject(`user-${index}`)
        .setAudience("orders")
        .setExpirationTime("1h")
        .sign(key),
    ),
  );
  return contender(
    (index) => received(tokens[index % tokens.length] as string),
    async (presented) => {
      for (const token of presented) {
        if ((await jwtVerify(token, key, { audience: "orders" })).payload.sub === undefined) throw unexpected();
      }
    },
  );
}
