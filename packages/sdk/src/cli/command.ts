import type { Keyplane } from "../client/keyplane.js";
import type { Option } from "./options.js";
import type { Printer } from "./output/printer.js";
import type { SessionStore } from "./session/session-store.js";
import type { Terminal } from "./terminal.js";

/** What a command works with. */
export interface Context {
  /** The client of whoever is signed in. @throws UsageError, AuthenticationError when nobody is. */
  readonly client: () => Keyplane;
  /** The server's address. */
  readonly url: string;
  readonly sessions: SessionStore;
  /** Whether KEYPLANE_TOKEN stands in the place of a session. */
  readonly hasToken: boolean;
  readonly terminal: Terminal;
  readonly print: Printer;
  /** Aborts when somebody presses Ctrl-C. */
  readonly signal: AbortSignal;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** What the options of a command give. */
export type Given<Options> = {
  readonly [Name in keyof Options]: Options[Name] extends Option<infer Value> ? Value : never;
};

/** The options of a command by their name: `expiresIn` is `--expires-in`. */
export type OptionTable = Readonly<Record<string, Option<unknown>>>;

/** A value that stands on the command line without an option's name. */
export interface Argument {
  readonly name: string;
  readonly description: string;
}

/** A command as the table of commands has it, from which the program, its help and its page of documentation are made. */
export interface Command {
  /** One or two words: `whoami`, `keys create`. */
  readonly path: string;
  readonly summary: string;
  /** What else there is to know. */
  readonly details?: string | undefined;
  readonly argument?: Argument | undefined;
  /** Whether it is meant when only the first of its two words is there. */
  readonly isDefault?: boolean;
  readonly options: OptionTable;
  /** What stands behind `keyplane`, each with what it does. */
  readonly examples: readonly (readonly [line: string, what: string])[];
  readonly run: (context: Context, given: Readonly<Record<string, unknown>>, argument: string) => Promise<ExitResult>;
}

/** The command did its work, and its answer is no: a key is `refused`, or what was tested has a `problem`. */
export type ExitResult = "refused" | "problem" | undefined;

/** What is written down of a command; its options decide what `run` is given. */
interface CommandSpec<Options extends OptionTable> extends Omit<Command, "run" | "options"> {
  readonly options?: Options;
  readonly run: (context: Context, given: Given<Options>, argument: string) => Promise<ExitResult> | Promise<void>;
}

/** Writes a command down. */
export function command<const Options extends OptionTable = Record<never, never>>(spec: CommandSpec<Options>): Command {
  return {
    ...spec,
    options: spec.options ?? {},
    // The parser reads the options of this very table, each with its own `read`.
    run: async (context, given, argument) => (await spec.run(context, given as Given<Options>, argument)) ?? undefined,
  };
}
