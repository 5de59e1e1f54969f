/**
 * Tells guards at which address people reach this server, on every answer that they follow and read keys by: they lead the callers
 * of an API to its pages, and may reach it by an internal address themselves. The SDK reads the same name.
 *
 * @param publicUrl KEYPLANE_PUBLIC_URL; null tells nothing: where this machine listens is no better than what a guard knows.
 */
export function publicUrlHeader(publicUrl: string | null): Readonly<Record<string, string>> {
  return publicUrl === null ? {} : { "x-keyplane-public-url": publicUrl };
}
