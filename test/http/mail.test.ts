import type { AddressInfo } from "node:net";
import { SMTPServer } from "smtp-server";
import { afterAll, beforeAll } from "vitest";
import { tokenIn } from "../api/sessions/mailbox.js";
import { describe, expect, ok, startServer, type TestServer, test, World } from "../testkit/index.js";

interface Received {
  readonly from: string;
  readonly to: string[];
  readonly text: string;
  readonly user: string;
}

const received: Received[] = [];
let refusals = 0;
let smtp: SMTPServer;
let server: TestServer;
let world: World;

beforeAll(async () => {
  smtp = new SMTPServer({
    allowInsecureAuth: true,
    disableReverseLookup: true,
    authMethods: ["PLAIN", "LOGIN"],
    disabledCommands: ["STARTTLS"],
    onAuth: ({ username, password }, _, done) =>
      password === "s3cret" ? done(null, { user: username }) : done(new Error("wrong password")),
    onData(stream, session, done) {
      let text = "";
      stream.on("data", (chunk: Buffer) => {
        text += chunk.toString("utf8");
      });
      stream.on("end", () => {
        if (refusals > 0) {
          refusals--;
          return done(Object.assign(new Error("try again later"), { responseCode: 451 }));
        }
        const { mailFrom, rcptTo } = session.envelope;
        const from = mailFrom === false ? "" : mailFrom.address;
        received.push({ from, to: rcptTo.map(({ address }) => address), text, user: String(session.user) });
        done();
      });
    },
  });
  await new Promise<void>((resolve) => smtp.listen(0, "127.0.0.1", () => resolve()));
  const { port } = smtp.server.address() as AddressInfo;
  server = await startServer({
    KEYPLANE_SMTP_URL: `smtp://mailer:s3cret@127.0.0.1:${port}`,
    KEYPLANE_MAIL_FROM: "Keys of Acme <keys@acme.example>",
    KEYPLANE_PUBLIC_URL: "https://keys.acme.example",
  });
  world = new World(server);
});
afterAll(async () => {
  await server.stop();
  await new Promise<void>((resolve) => smtp.close(() => resolve()));
});

const mailTo = async (address: string): Promise<Received> => {
  await expect.poll(() => received.find(({ to }) => to.includes(address))).toBeDefined();
  return received.find(({ to }) => to.includes(address)) as Received;
};

describe("by SMTP", () => {
  test("a link arrives, from the configured sender, and sets a password", async () => {
    const { tenant } = await world.tenant();
    const user = await world.user(tenant.id, { name: "Zoë" });
    ok(await world.root.account("sendPasswordLink", { userId: user.id }));
    const { from, to, text, user: mailer } = await mailTo(user.email);
    expect([from, to, mailer]).toEqual(["keys@acme.example", [user.email], "mailer"]);
    expect(text).toMatch(/^From: Keys of Acme <keys@acme.example>\r$/m);
    const token = tokenIn(text);
    expect(text.replaceAll("=\r\n", "")).toContain("https://keys.acme.example/password#kplink_live_");
    ok(await world.anonymous.account("setPassword", { token, password: "seven slow trains to Oslo" }));
    const logs = server.logs.join("");
    for (const secret of [token, "s3cret"]) expect(logs).not.toContain(secret);
  });

  test("no name makes a header or a recipient", async () => {
    const { tenant } = await world.tenant();
    const name = 'Eve" <eve@evil.example>, "x';
    const user = await world.user(tenant.id, { name });
    ok(await world.root.account("sendPasswordLink", { userId: user.id }));
    expect((await mailTo(user.email)).to).toEqual([user.email]);

    // Such a name is refused at the door; here it has come in by a way of its own.
    const evil = await world.user(tenant.id);
    const { prisma } = server.keyplane.database;
    await prisma.user.update({ where: { id: evil.id }, data: { name: "Eve\r\nBcc: eve@evil.example\r\n\r\n<b>" } });
    await prisma.tenant.update({ where: { id: tenant.id }, data: { name: "T\r\nBcc: eve@evil.example" } });
    ok(await world.root.account("sendPasswordLink", { userId: evil.id }));
    const { to, text } = await mailTo(evil.email);
    expect(to).toEqual([evil.email]);
    expect(text.slice(0, text.indexOf("\r\n\r\n"))).not.toMatch(/^Bcc:/im);
  });

  test("a mail that the server does not take yet is sent when it does", async () => {
    const { tenant } = await world.tenant();
    const user = await world.user(tenant.id);
    refusals = 1;
    ok(await world.root.account("sendPasswordLink", { userId: user.id }));
    const { prisma } = server.keyplane.database;
    await expect.poll(() => prisma.outgoingMail.count({ where: { attempts: 1 } })).toBe(1);
    await expect.poll(() => refusals).toBe(0);
    const first = await world.user(tenant.id);
    await expect
      .poll(async () => {
        world.clock.advance(10_000);
        ok(await world.root.account("sendPasswordLink", { userId: first.id }));
        return received.some(({ to }) => to.includes(user.email));
      })
      .toBe(true);
    expect(received.filter(({ to }) => to.includes(user.email))).toHaveLength(1);
  });
});
