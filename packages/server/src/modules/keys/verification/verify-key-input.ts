import type { Environment } from "@keyplane/schema";

/** What a verifier asks. GraphQL has checked the types; the bounds are checked here. */
export interface VerifyKeyInput {
  readonly key: string;
  readonly scopes?: readonly string[] | null | undefined;
  readonly environment?: Environment | null | undefined;
  readonly ip?: string | null | undefined;
  readonly cost?: number | null | undefined;
  readonly tags?: readonly string[] | null | undefined;
  readonly api?: string | null | undefined;
  readonly meters?: readonly { readonly name: string; readonly value: number }[] | null | undefined;
  readonly userAgent?: string | null | undefined;
}
