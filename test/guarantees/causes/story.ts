import { generateKey, type VerdictCode } from "@keyplane/schema";
import { type Caller, day, minute, ok, type World } from "../../testkit/index.js";
import { findingsOf, policyMutation } from "../../testkit/lifecycle.js";

/** A key that is refused for a real cause. */
export interface Produced {
  /** What somebody presents. */
  readonly presented: string;
  /** What the call is for. */
  readonly call?: Record<string, unknown>;
  /** Who diagnoses and sends the remedies. */
  readonly caller: Caller;
  /** The story's own key: what works once the remedies are sent, where they hand out no secret. */
  readonly works: string;
  /** Where it has happened, if not on the server of all. */
  readonly on?: World;
  readonly tenantId: string;
  readonly ownerId: string;
  readonly keyId: string;
  /** When the story's key was created, and when the story went on. */
  readonly createdAt: string;
  readonly changedAt: string;
  /** Since when it is so, if since neither. */
  readonly since?: string;
  /** Who has made it so, if not who diagnoses, or has created the key. */
  readonly by?: RegExp;
}

/**
 * Since when, and by whom, a diagnosis says that it is so: as the story changed it, or as its key was created; or why nobody and no moment
 * stands behind it.
 */
export type Origin = "CHANGED" | "CREATED" | { readonly nobody: string };

/** What the product says to do where it has no remedy, done. */
export interface Instead {
  readonly says: RegExp;
  /** @returns what is presented then, and for which call: it must be valid. */
  readonly done: (
    told: Produced & { readonly works: string; readonly said: string },
    world: World,
  ) => Promise<{ readonly presented: string; readonly call?: Record<string, unknown> }>;
}

/** A remedy that is sent in the place of the first. */
export interface Alternative {
  readonly mutation: string;
  /** The remedies that a diagnosis has after it, to be sent, too: until then the key stays refused as it was. */
  readonly afterwards?: readonly string[];
}

/** One cause for which a key is not valid, as a user would name it. */
export interface Cause {
  readonly code: VerdictCode;
  /** What `verifyKey` answers, where it says otherwise than a diagnosis, which does not come from that address. */
  readonly answered?: VerdictCode;
  /** CHANGED when left out. */
  readonly origin?: Origin;
  /** What is found besides the verdict. */
  readonly finding?: string;
  /** The mutations that mend it, in order. */
  readonly remedies: readonly string[];
  /** How many of them are sent. All, when left out; the first, where there are alternatives to it. */
  readonly sent?: number;
  /** The others of them, each of which is sent in the place of the first in a story of its own. */
  readonly alternatives?: readonly Alternative[];
  /** What the diagnosis says to a person, of the check that failed or in a finding. */
  readonly says: RegExp;
  /** Where nothing that Keyplane could change mends it. */
  readonly instead?: Instead;
  /** What the key is refused with once the remedies are sent: it must not be made valid. */
  readonly ends?: VerdictCode;
  readonly produce: (world: World) => Promise<Produced>;
}

export type Story = Awaited<ReturnType<World["tenantWithKey"]>>;

/** A story with one key, of which something goes wrong. */
export const story =
  (
    spoil: (story: Story, world: World) => Promise<Partial<Produced> | undefined>,
    options: Parameters<World["tenantWithKey"]>[0] = {},
  ) =>
  async (world: World): Promise<Produced> => {
    const told = await world.tenantWithKey(options);
    const createdAt = world.clock.in(0);
    // What happens in one moment has no order.
    world.clock.advance(minute);
    const changedAt = world.clock.in(0);
    const produced = (await spoil(told, world)) ?? {};
    const of = { tenantId: told.tenant.id, ownerId: told.owner.id, keyId: told.key.id, createdAt, changedAt };
    return { ...of, presented: told.secret, caller: told.admin, works: told.secret, ...produced };
  };

/** What a caller is called in the audit log. */
export async function nameOf(caller: Caller): Promise<RegExp> {
  const { id, name } = (await caller.query("{ viewer { id name } }")).viewer;
  return new RegExp(`^${name} \\(${id}\\)$`);
}

/** How often something is looked for that is found in the background: for a minute. */
const maxAttempts = 600;

/** When something was found about a key, once it is. */
export async function foundAt(caller: Caller, keyId: string, kind: string): Promise<string> {
  for (let attempt = 0; attempt < maxAttempts; attempt++) {
    const [finding] = await findingsOf(caller, { keyId, kind });
    if (finding) return finding.firstAt;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`nothing of the kind ${kind} was found about the key ${keyId} after ${maxAttempts} looks`);
}

export const text = (spoil: (secret: string) => string) => story(async ({ secret }) => ({ presented: spoil(secret) }));
export const unknownKey = () => generateKey({ prefix: "kp", environment: "LIVE" }).secret;
export const other = (character: string | undefined): string => (character === "a" ? "b" : "a");
export const sql = (world: World, statement: string): Promise<number> =>
  world.server.keyplane.database.prisma.$executeRawUnsafe(statement);

/** One of an API, and the slug by which a call asks for it. */
export const api = (
  spoil: (
    story: Story & { readonly api: { id: string; slug: string } },
    world: World,
  ) => Promise<Partial<Produced> | undefined>,
  input: Record<string, unknown> = {},
) =>
  story(async (told, world) => {
    const made = await world.api(told.tenant.id, input);
    return { call: { api: made.slug }, ...(await spoil({ ...told, api: made }, world)) };
  });

export const overdue = async ({ key }: Story, world: World): Promise<Partial<Produced>> => {
  world.clock.advance(2 * day);
  return { since: new Date(Date.parse(key.createdAt) + day).toISOString(), by: await nameOf(world.root) };
};

export const idle = story(async ({ admin, tenant, key }, world) => {
  world.clock.advance(31 * day);
  ok(await policyMutation(admin, { tenantId: tenant.id, idleAfterDays: 30, idleAction: "REMIND" }));
  return { since: await foundAt(admin, key.id, "IDLE") };
});

export const wrongText: Origin = { nobody: "the text itself is wrong, and nobody here has changed anything" };
export const pastKeyplane: Origin = { nobody: "somebody has changed it past Keyplane, who leaves no record" };

/** Of a text that is no key, the right one has to be presented. */
export const presentTheKey: Instead = {
  says: /copy the whole key again, and send only the key/,
  done: async ({ works }) => ({ presented: works }),
};

export const perMinute = { name: "per-minute", limit: 2, windowMs: minute };
