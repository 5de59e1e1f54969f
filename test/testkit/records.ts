import { decide, parseKey } from "@keyplane/schema";
import type { Caller } from "./caller.js";

/** A line of `/v1/verification-records`, as it came. */
// biome-ignore lint/suspicious/noExplicitAny: a test reads the fields that it expects
export type Line = any;

export interface RecordsAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Asks for verification records, as any program could. */
export async function askRecords({ url, token }: Caller, body: unknown): Promise<RecordsAnswer> {
  const response = await fetch(`${url}/v1/verification-records`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** The lines of an answer that must be whole. */
export async function readRecords(caller: Caller, body: unknown): Promise<Line[]> {
  const { status, text } = await askRecords(caller, body);
  if (status !== 200 || !text.endsWith("\n")) throw new Error(`no whole answer: ${status} ${text.slice(0, 1_000)}`);
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

/** What stands for a field of a key that was left out. */
const absent = {
  scopes: [],
  metadata: {},
  allowedIps: [],
  deniedIps: [],
  expiresAt: null,
  revokedAt: null,
  revokedReason: null,
  disabledAt: null,
  disabledReason: null,
  deletedAt: null,
};

/** What a verifier with nothing but these lines says of a key; `hash` finds its secret. */
export function decideBy(lines: readonly Line[], secret: string, hash: string, now: number) {
  const of = (type: string, id: string) => lines.find((line) => line.type === type && line.id === id);
  const key = lines.find((line) => line.type === "key" && line.secrets.some((each: Line) => each.hash === hash));
  if (!key) return decide(null, { format: parseKey(secret) }, now);
  const nothing = { reason: null, since: null };
  const record = {
    secret: { supersededAt: null, stopsAt: null, ...key.secrets.find((each: Line) => each.hash === hash) },
    key: { ...absent, ...key },
    owner: { ...nothing, externalId: null, ...of("owner", key.ownerId) },
    tenant: { ...nothing, ...of("tenant", key.tenantId) },
  };
  return decide(record, { format: parseKey(secret) }, now);
}
