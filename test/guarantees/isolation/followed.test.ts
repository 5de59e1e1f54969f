import { type AnyField, callOf, everyRootField, kindsAt } from "../../testkit/any-call.js";
import { EventStream, type StreamedAnswer } from "../../testkit/event-stream.js";
import { type Caller, describe, expect, ok, test } from "../../testkit/index.js";
import { SocketFollower } from "../../testkit/key-event-socket.js";
import { everyPlace, isOfInstallation, withoutNames } from "./leaks.js";
import { type FullTenant, fullTenant, twoTenants } from "./story.js";

const places = everyPlace
  .filter(({ field }) => field.parent.name === "Subscription" && !isOfInstallation(field))
  .map((at) => [at.name, at] as const);

/** Reads a stream in the background. */
class Followed {
  readonly answers: StreamedAnswer[] = [];
  readonly #stream: EventStream;

  private constructor(stream: EventStream) {
    this.#stream = stream;
    void (async () => {
      for (let answer = await stream.next(); answer; answer = await stream.next()) this.answers.push(answer);
    })().catch(() => {}); // ends with the test
  }

  static async open(caller: Caller, field: AnyField, own: FullTenant["own"], values: Record<string, unknown>) {
    const { document, variables } = callOf(field, own, {
      ...values,
      ...(field.field.name === "usageLive" ? { intervalMs: 250 } : {}),
    });
    return new Followed(await EventStream.open(caller.url, caller.token, document, variables));
  }

  /** What was told, but for times, cursors and the ids that were asked for. */
  told(id: string): string[] {
    const texts = this.answers.map((answer) => withoutNames(JSON.stringify(answer), [id]));
    return [...new Set(texts.map((text) => text.replaceAll(/"(?:from|to|cursor|after)":"[^"]*"/g, "")))].sort();
  }

  close(): void {
    this.#stream.close();
  }
}

/** Something that every subscription of a tenant tells of. */
async function happen({ admin, ids, secret }: FullTenant): Promise<void> {
  await admin.verify(secret);
  ok(await admin.key("updateKey", { id: ids.Key, name: "New name" }));
}

describe("isolation: subscriptions", () => {
  test("there is something to test", () => {
    expect(places.length).toBeGreaterThan(2);
  });

  test.for(places)(
    "%s: another tenant's is followed as a missing one, while one's own tells",
    async ([, { field, place }], { world }) => {
      const [ours, theirs] = await Promise.all([fullTenant(world), fullTenant(world)]);
      for (const kind of kindsAt(field, place)) {
        const missing = world.missingId(kind);
        const ids = [ours.ids[kind], theirs.ids[kind], missing] as const;
        const followed = await Promise.all(
          ids.map((id) => Followed.open(ours.admin, field, ours.own, { [place]: id })),
        );
        const [own, their, none] = followed as [Followed, Followed, Followed];
        await happen(theirs);
        await happen(ours);
        // What happened to them was first: it would have come before what is waited for here.
        await expect.poll(() => JSON.stringify(own.answers).match(/UPDATED|"count":[1-9]/)).toBeTruthy();
        await expect.poll(() => [their.told(theirs.ids[kind])]).toEqual([none.told(missing)]);
        const text = JSON.stringify(their.answers);
        for (const [each, id] of Object.entries(theirs.ids)) if (each !== kind) expect(text).not.toContain(id);
        for (const each of followed) each.close();
      }
    },
  );

  test("one that asks for everything gets one's own, by streams and by sockets", async ({ world }) => {
    const [ours, theirs] = await twoTenants(world);
    const field = everyRootField().find(({ name }) => name === "Subscription.keyEvents");
    if (!field) throw new Error("there is no keyEvents");
    const stream = await Followed.open(ours.admin, field, ours.own, {});
    const socket = new SocketFollower(ours.admin);
    const messages: unknown[] = [];
    void (async () => {
      for await (const message of socket.follow({})) messages.push(message);
    })().catch(() => {}); // ends with the test
    const texts = () => [JSON.stringify(stream.answers), JSON.stringify(messages)];
    await expect
      .poll(async () => {
        await happen(theirs);
        await happen(ours);
        return texts().every((text) => text.includes(ours.ids.Key));
      })
      .toBe(true);
    for (const text of texts()) for (const id of Object.values(theirs.ids)) expect(text).not.toContain(id);
    stream.close();
    await socket.close();
  });
});
