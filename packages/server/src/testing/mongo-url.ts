/**
 * The address of a database on a MongoDB, whose own address may name several hosts: `URL` reads only one.
 *
 * @param options query parameters that are added, such as `directConnection`.
 */
export function withDatabase(server: string, database: string, options: Readonly<Record<string, string>> = {}): string {
  const [, hosts, query = ""] = /^(mongodb(?:\+srv)?:\/\/[^/?]+)(?:\/[^?]*)?(?:\?(.*))?$/.exec(server) ?? [];
  if (hosts === undefined)
    throw new Error("The address of MongoDB begins with mongodb:// or mongodb+srv:// and names a host.");
  const parameters = new URLSearchParams(query);
  for (const [name, value] of Object.entries(options)) parameters.set(name, value);
  return `${hosts}/${database}${parameters.size > 0 ? `?${parameters}` : ""}`;
}
