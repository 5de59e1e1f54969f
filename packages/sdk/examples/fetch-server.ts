import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { withKey } from "@keyplane/sdk/fetch";
import { createGuard } from "@keyplane/sdk/guard";

const { KEYPLANE_URL: url = "http://127.0.0.1:4000", KEYPLANE_TOKEN: token = "", PORT = "3000" } = process.env;
const guard = createGuard({ url, token });

/** What Next.js exports as GET, a worker as fetch, and Bun.serve and Deno.serve are given. */
const GET = withKey(
  guard,
  {
    scopes: ["orders:read"],
    usage: { api: "orders/v1" },
    clientAddress: (_request: Request, address: string | undefined) => address,
  },
  (_request, { verdict }) => new Response(`Orders of ${verdict.owner.name}\n`),
);

/** Node has no server for such handlers; the others need nothing of what follows. */
async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  try {
    const headers = new Headers();
    const { rawHeaders: raw } = incoming;
    for (let at = 0; at < raw.length; at += 2) headers.append(raw[at] ?? "", raw[at + 1] ?? "");
    const request = new Request(`http://${incoming.headers.host}${incoming.url}`, { headers });
    const response = await GET(request, incoming.socket.remoteAddress);
    outgoing.writeHead(response.status, Object.fromEntries(response.headers)).end(await response.text());
  } catch (error) {
    console.error(error);
    outgoing.writeHead(500).end();
  }
}

const server = createServer((incoming, outgoing) => void answer(incoming, outgoing));
server.listen(Number(PORT), "127.0.0.1", () => console.log("Listening on", server.address()));

process.once("SIGTERM", () => {
  server.close();
  server.closeAllConnections();
  void guard.close(); // hands over the usage that was recorded
});
