import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Keyplane } from "@keyplane/sdk";

const { KEYPLANE_URL: url = "http://127.0.0.1:4000", KEYPLANE_TOKEN: token = "", PORT = "3000" } = process.env;
const keyplane = new Keyplane({ url, token });
const statuses: Record<string, number> = { INSUFFICIENT_SCOPE: 403, RATE_LIMITED: 429, QUOTA_EXCEEDED: 429 };

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const key = request.headers.authorization?.replace(/^Bearer /i, "") ?? "";
  try {
    const verdict = await keyplane.keys.verify({ key, scopes: ["orders:read"], ip: request.socket.remoteAddress });
    const { valid, code, hint, message, owner, retryAfterMs } = verdict;
    if (retryAfterMs !== null) response.setHeader("retry-after", Math.ceil(retryAfterMs / 1000));
    if (!valid) response.statusCode = statuses[code] ?? 401;
    response.end(valid ? `Orders of ${owner?.name}\n` : `${code}: ${hint ?? message}\n`);
  } catch (error) {
    console.error(error);
    response.writeHead(503).end("Try again later.\n"); // no verdict is no permission
  }
}

const server = createServer((request, response) => void answer(request, response));
server.listen(Number(PORT), "127.0.0.1", () => console.log("Listening on", server.address()));
