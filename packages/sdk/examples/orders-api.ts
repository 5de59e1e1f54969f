import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Keyplane } from "@keyplane/sdk";

const { KEYPLANE_URL: url = "http://127.0.0.1:4000", KEYPLANE_TOKEN: token = "", PORT = "3000" } = process.env;
const keyplane = new Keyplane({ url, token });

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const key = request.headers.authorization?.replace(/^Bearer /i, "") ?? "";
  try {
    const verdict = await keyplane.keys.verify({ key, scopes: ["orders:read"], ip: request.socket.remoteAddress });
    const { valid, code, hint, message, owner } = verdict;
    if (!valid) response.statusCode = code === "INSUFFICIENT_SCOPE" ? 403 : 401;
    response.end(valid ? `Orders of ${owner?.name}\n` : `${code}: ${hint ?? message}\n`);
  } catch (error) {
    console.error(error);
    response.writeHead(503).end("Try again later.\n"); // no verdict is no permission
  }
}

const server = createServer((request, response) => void answer(request, response));
server.listen(Number(PORT), "127.0.0.1", () => console.log("Listening on", server.address()));
