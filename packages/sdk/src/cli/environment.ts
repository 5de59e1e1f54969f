import { join } from "node:path";

/** The variables that the program reads, and nothing else of the environment. docs/reference/cli.md is made of them. */
export const variables = {
  KEYPLANE_URL: "The server's address. `--url` wins over it.",
  KEYPLANE_TOKEN:
    "A management token to use instead of a session, for scripts. There is no option for it: arguments are seen by others.",
  XDG_CONFIG_HOME: "Where sessions are kept, in `keyplane/sessions.json`. Default: `~/.config`.",
  NO_COLOR: "Set to anything: no colours, also at a terminal.",
} as const;

/** What the environment says. */
export interface Environment {
  readonly url: string | undefined;
  readonly token: string | undefined;
  /** The folder of the program's own files. */
  readonly folder: string;
  readonly hasColors: boolean;
}

/** Reads the environment. An empty variable counts as one that is not set. */
export function readEnvironment(given: Readonly<Record<string, string | undefined>>, home: string): Environment {
  const read = (name: keyof typeof variables): string | undefined => given[name] || undefined;
  return {
    url: read("KEYPLANE_URL"),
    token: read("KEYPLANE_TOKEN"),
    folder: join(read("XDG_CONFIG_HOME") ?? join(home, ".config"), "keyplane"),
    hasColors: read("NO_COLOR") === undefined && given["TERM"] !== "dumb",
  };
}
