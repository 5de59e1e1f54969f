import type { ErrorCode, VerdictCode } from "@keyplane/schema";
import type { KeyOrigins, ManyOriginsQuestion, OriginsOfKey, OriginsOfKeyQuestion } from "../origins/origins.js";
import type {
  AttemptsAnswer,
  AttemptsQuestion,
  EventsQuestion,
  UsageAnswer,
  UsageQuestion,
} from "../reports/questions.js";
import type { EventDocument } from "../storage/documents.js";
import type { Retention } from "../storage/tiers.js";

/** What the usage thread is given when it starts. */
export interface ThreadSettings {
  /** null: the embedded MongoDB-compatible server, within the thread. */
  readonly mongodbUrl: string | null;
  readonly dataDir: string;
  /** Below it lie the spools of this process and of others before it. */
  readonly spoolFolder: string;
  /** The spool of this process. */
  readonly spool: string;
  readonly retention: Retention;
}

/** What can be asked of the usage thread: the method's name, its argument, its answer. Add one here and in `usage-thread.ts`. */
export interface ThreadMethods {
  /** Resolves when every segment of our own spool up to this number is counted. */
  settle(upTo: number): void;
  /** Somebody waits for what is to be counted: it takes what it can get of the processor until nothing is left. */
  hurry(nothing: null): void;
  report(ask: { readonly question: UsageQuestion; readonly now: number }): UsageAnswer;
  attempts(ask: { readonly question: AttemptsQuestion; readonly now: number }): AttemptsAnswer;
  events(ask: { readonly question: EventsQuestion; readonly now: number }): EventDocument[];
  /** How many events a question finds, whatever `take` says. */
  countEvents(ask: { readonly question: EventsQuestion; readonly now: number }): number;
  /** Before which instant nothing waits in any spool, epoch milliseconds, given that of our own. Ask it before the question. */
  completeUntil(own: number): number;
  /** Which keys of a tenant were used from many places. */
  keysOfManyOrigins(question: ManyOriginsQuestion): (KeyOrigins & { readonly keyId: string })[];
  /** From where a key was used. */
  originsOfKey(question: OriginsOfKeyQuestion): OriginsOfKey;
  /** Takes the turn to do what one of all servers on the store does. Times are epoch milliseconds. @returns whether it is ours. */
  takeTurn(turn: { readonly what: string; readonly now: number; readonly nextAt: number }): boolean;
  /** Spools of dead processes that this process has taken over; those named before are known already. */
  adopt(spools: readonly string[]): void;
  /** The last uses told of with these segments are saved: their files can go. */
  saved(segments: readonly SegmentName[]): void;
  /** What to tell of while it is counted. */
  watch(what: Watching): void;
  /** Counts what is left, for so many milliseconds at most, and ends. @returns whether nothing is left. */
  stop(withinMs: number): boolean;
}

export interface SegmentName {
  readonly spool: string;
  readonly number: number;
}

/** What somebody may see who does not see a whole tenant: the calls of a user, and those with some keys. */
export interface UsageView {
  readonly id: string;
  readonly tenantId: string;
  readonly userId: string;
  readonly keyIds: readonly string[];
}

/** Who watches. */
export interface Watching {
  /** Whether anybody does: then what other processes count is told, too. */
  readonly on: boolean;
  readonly views: readonly UsageView[];
}

export type CountsByView = Readonly<Record<string, Readonly<Partial<Record<VerdictCode, number>>>>>;

export type CountsByTenant = Readonly<Record<string, Readonly<Partial<Record<VerdictCode, number>>>>>;

export type ToThread = {
  readonly [Method in keyof ThreadMethods]: {
    readonly id: number;
    readonly method: Method;
    readonly argument: Parameters<ThreadMethods[Method]>[0];
  };
}[keyof ThreadMethods];

export type FromThread =
  | { readonly type: "answer"; readonly id: number; readonly value: unknown }
  | { readonly type: "refusal"; readonly id: number; readonly code: ErrorCode; readonly message: string }
  | { readonly type: "failure"; readonly id: number; readonly error: Error }
  /** A segment was counted. Its file stays until `saved` is called. */
  | {
      readonly type: "counted";
      readonly segment: SegmentName;
      readonly bytes: number;
      readonly events: number;
      readonly duplicates: number;
      /** Events that are lost: reports that waited too long, and lines that the disk has changed. */
      readonly tooOld: number;
      readonly unreadable: number;
      /** Keys that were accepted, and when last, epoch milliseconds. */
      readonly lastUsed: ReadonlyMap<string, number>;
      /** New events. Null when this was told of before. */
      readonly counts: CountsByTenant | null;
      /** The same by view. */
      readonly views: CountsByView;
    }
  /** Another process has counted these new events. */
  | { readonly type: "others"; readonly counts: CountsByTenant; readonly views: CountsByView }
  /** A spool that was taken over holds nothing any more. */
  | { readonly type: "emptied"; readonly spool: string }
  /** It runs: where the store is embedded, that is open. */
  | { readonly type: "started" }
  | { readonly type: "store"; readonly connected: boolean }
  | {
      readonly type: "log";
      readonly level: "info" | "warn" | "error";
      readonly fields: Readonly<Record<string, unknown>>;
      readonly message: string;
    };
