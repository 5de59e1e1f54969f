import { keyplane, verdictOf } from "@keyplane/sdk/express";
import { createGuard } from "@keyplane/sdk/guard";
import express from "express";

const { KEYPLANE_URL: url = "http://127.0.0.1:4000", KEYPLANE_TOKEN: token = "", PORT = "3000" } = process.env;
const guard = createGuard({ url, token });
const app = express();

app.get("/health", (_request, response) => void response.send("ok\n"));

app.use(keyplane(guard, { scopes: ["orders:read"], usage: { api: "orders/v1" } }));

app.get("/orders", (request, response) => void response.send(`Orders of ${verdictOf(request).owner.name}\n`));

// Another scope on top, and an end as soon as the key is revoked.
app.get(
  "/orders/live",
  keyplane(guard, { scopes: ["orders:watch"], closeOnRevocation: true }),
  (_request, response) => {
    response.type("text/event-stream").write("data: watching\n\n");
    const ticks = setInterval(() => response.write(`data: ${new Date().toISOString()}\n\n`), 1_000);
    response.on("close", () => clearInterval(ticks));
  },
);

const server = app.listen(Number(PORT), "127.0.0.1", () => console.log("Listening on", server.address()));

process.once("SIGTERM", () => {
  server.close();
  server.closeAllConnections();
  void guard.close(); // hands over the usage that was recorded
});
