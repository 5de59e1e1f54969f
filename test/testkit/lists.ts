import type { Caller } from "./caller.js";

/** What each list takes besides `first` and `after`. Add a list here. */
const listArguments = {
  tenants: { filter: "TenantFilter", orderBy: "TenantOrder" },
  users: { tenantId: "ID", filter: "UserFilter", orderBy: "UserOrder" },
  keys: { tenantId: "ID", filter: "KeyFilter", orderBy: "KeyOrder" },
  managementTokens: { tenantId: "ID", filter: "ManagementTokenFilter" },
  roles: { tenantId: "ID", filter: "CustomRoleFilter", orderBy: "CustomRoleOrder" },
  teams: { tenantId: "ID", filter: "TeamFilter", orderBy: "TeamOrder" },
  oauthClients: { tenantId: "ID" },
  trustedIssuers: { tenantId: "ID" },
  webhooks: { tenantId: "ID" },
  webhookDeliveries: { webhookId: "ID!", status: "WebhookDeliveryStatus" },
  keyFindings: { tenantId: "ID", filter: "KeyFindingFilter" },
  auditLog: { tenantId: "ID", filter: "AuditFilter" },
  usageEvents: { tenantId: "ID!", filter: "UsageEventFilter" },
} as const satisfies Record<string, Record<string, string>>;

export type ListName = keyof typeof listArguments;

/** One page of a list, as it came. */
export interface ListPage {
  readonly totalCount: number;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads the fields that it asked for
  readonly nodes: any[];
  readonly edges: { readonly cursor: string; readonly node: { readonly id: string } }[];
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    readonly startCursor: string | null;
    readonly endCursor: string | null;
  };
}

/** Asks for one page. @param fields what to ask of each entry besides its id. */
export async function readPage(
  caller: Caller,
  list: ListName,
  args: Record<string, unknown> = {},
  fields = "",
): Promise<ListPage> {
  const types: Record<string, string> = { first: "Int", after: "String", ...listArguments[list] };
  const names = Object.keys(args);
  const declared = names.length === 0 ? "" : `(${names.map((name) => `$${name}: ${types[name]}`).join(", ")})`;
  const passed = names.length === 0 ? "" : `(${names.map((name) => `${name}: $${name}`).join(", ")})`;
  const document = `query ${declared} { ${list}${passed} {
    totalCount nodes { id ${fields} } edges { cursor node { id } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`;
  return (await caller.query(document, args))[list];
}

/** Follows a list to its end. @param from the page to go on after; the first one when left out. */
export async function readPages(
  caller: Caller,
  list: ListName,
  args: Record<string, unknown> = {},
  from?: ListPage,
): Promise<ListPage[]> {
  const pages: ListPage[] = [];
  let last = from;
  while (!last || last.pageInfo.hasNextPage) {
    const after: string | null = last?.pageInfo.endCursor ?? null;
    last = await readPage(caller, list, { ...args, after });
    pages.push(last);
    if (pages.length > 1_000) throw new Error(`${list} does not come to an end`);
  }
  return pages;
}

/** The ids on pages, in their order. */
export function idsOf(...pages: ListPage[]): string[] {
  return pages.flatMap((page) => page.nodes.map((node: { id: string }) => node.id));
}
