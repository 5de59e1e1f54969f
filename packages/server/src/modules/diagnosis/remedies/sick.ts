import type { ExaminedCheck } from "@keyplane/schema";
import type { Key, KeyFinding, User } from "../../../platform/database/index.js";
import type { Danger } from "../../lifecycle/index.js";
import type { Circumstances } from "../circumstances/circumstances.js";
import type { Rows } from "../diagnosis.store.js";
import type { DeletedOwner } from "./deleted-owner.js";
import type { Draft } from "./remedy.js";

/** What remedies are made of: the present state, whatever moment the diagnosis is about. */
export interface Sick {
  readonly rows: Rows;
  readonly circumstances: Circumstances;
  readonly checks: readonly ExaminedCheck[];
  readonly now: number;
  readonly scopes: readonly string[] | undefined;
  readonly environment: "LIVE" | "TEST" | undefined;
  readonly ip: string | undefined;
  readonly cost: number;
  /** A user who could take over the key. */
  readonly successor: User | null;
  /** What is known of a deleted owner; null: the owner was not deleted. */
  readonly deleted: DeletedOwner | null;
  /** Puts on the key what bounded the deleted owner's keys, as which it stands here; null: nothing did, or nobody takes it over. */
  readonly bounding: Draft | null;
  /** Of a quarantined key: as Keyplane has last written it; null: not known, not to be told, or not quarantined. */
  readonly written: Key | null;
  /** What says that others have a secret of it, because it leaked or too many use it, and that nobody has dealt with. */
  readonly inOtherHands: readonly KeyFinding[];
  /** What the tenant's policy does not want of it, and still holds. */
  readonly unwanted: readonly KeyFinding[];
  /** What those in other hands can still do, by the ids of these findings. */
  readonly dangers: ReadonlyMap<string, Danger>;
  /** To how many APIs it was given access. */
  readonly grants: number;
  /** The webhook that takes its new secrets, where it still does; null: none. */
  readonly receiverId: string | null;
  /** Whether it should have got a new secret, and is not refused for that. */
  readonly isRotationDue: boolean;
}
