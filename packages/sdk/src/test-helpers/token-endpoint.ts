import type { Reply, SeenRequest } from "./fake-server.js";
import { json } from "./fake-server.js";

/** The only client that it knows. The secret has what forms encode, and what Basic separates by. */
export const client = { clientId: "cli_orders", clientSecret: "s3cret+of:the/client with%everything" };

/** What a token endpoint does besides what RFC 6749 says. */
export interface TokenEndpoint {
  /** Answers as OAuth's token endpoint and as GraphQL, which takes the last token that was issued and no other. */
  readonly reply: Reply;
  /** How many tokens were issued. */
  readonly issued: number;
  /** The forms that were sent, and with which authorization. */
  readonly forms: readonly { readonly form: URLSearchParams; readonly authorization: string | undefined }[];
  /** From now on the last token is refused, as if it had ended. */
  endToken(): void;
}

/** A token endpoint and the server that takes its tokens: the outside world of client credentials. */
export function tokenEndpoint(answer: (request: SeenRequest) => Reply, { expiresIn = 600 } = {}): TokenEndpoint {
  let issued = 0;
  let valid = "";
  const forms: { form: URLSearchParams; authorization: string | undefined }[] = [];
  return {
    reply(response, request) {
      const { authorization } = request.headers;
      if (request.path === "/oauth/token") {
        forms.push({ form: new URLSearchParams(request.body), authorization });
        if (!isClient(authorization)) {
          return json(401, { error: "invalid_client", error_description: "wrong secret" })(response, request);
        }
        valid = `access-${++issued}`;
        return json(200, { access_token: valid, token_type: "Bearer", expires_in: expiresIn })(response, request);
      }
      if (valid === "" || authorization !== `Bearer ${valid}`) {
        const error = { message: "No valid token.", extensions: { code: "UNAUTHENTICATED" } };
        return json(401, { errors: [error] })(response, request);
      }
      return answer(request)(response, request);
    },
    get issued() {
      return issued;
    },
    forms,
    endToken() {
      valid = "";
    },
  };
}

/** Reads `client_secret_basic` as RFC 6749 has it: both parts are encoded as forms are. */
function isClient(authorization: string | undefined): boolean {
  const [id = "", secret = ""] = Buffer.from(authorization?.replace(/^Basic /, "") ?? "", "base64")
    .toString()
    .split(":")
    .map((part) => new URLSearchParams(`x=${part}`).get("x") ?? "");
  return id === client.clientId && secret === client.clientSecret;
}
