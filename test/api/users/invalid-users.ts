import { strangeTexts } from "../../testkit/index.js";

const emails = [
  "",
  " ",
  "ada",
  "ada@",
  "@example.com",
  "ada@example",
  "a da@example.com",
  "ada@exa mple.com",
  "ada@example.com, eve@example.com",
  "Ada <ada@example.com>",
  "ada@example.com\0",
  "ada\n@example.com",
  "ädä@example.com",
  `${"x".repeat(250)}@example.com`,
  `${"x".repeat(10_000)}@example.com`,
];

/** Every rule for a user's fields, broken one at a time. Holds for createUser and updateUser alike. */
export const invalidUsers = [
  ...emails.map((email) => ({
    what: `the e-mail address ${JSON.stringify(email).slice(0, 30)}`,
    input: { email },
    path: ["email"],
  })),
  ...strangeTexts(100).map(({ what, text }) => ({ what: `a name of ${what}`, input: { name: text }, path: ["name"] })),
  ...strangeTexts(200).map(({ what, text }) => ({
    what: `an external id of ${what}`,
    input: { externalId: text },
    path: ["externalId"],
  })),
];

/** Values that do not have the type that the schema asks for: refused before anything else. */
export const mistypedUsers: readonly Record<string, unknown>[] = [
  { name: 5 },
  { email: ["ada@example.com"] },
  { role: "OWNER" },
  { role: "admin" },
  { externalId: 5 },
  { status: "ACTIVE" },
  { unknown: true },
];
