import { Command as CommanderCommand, CommanderError, Option as CommanderOption } from "commander";
import type { Command, ExitResult } from "./command.js";
import { commands, groups } from "./commands/index.js";
import { UsageError } from "./exit-codes.js";
import type { Option } from "./options.js";

/** What every command takes. */
export interface GlobalOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly url: string | undefined;
}

/** What the command line asks for. */
export type Run = (
  command: Command,
  options: Readonly<Record<string, unknown>>,
  global: GlobalOptions,
  argument: string,
) => Promise<ExitResult>;

/** Where the parser writes help, and what it has to say. */
export interface ParserOutput {
  readonly out: (text: string) => void;
  readonly error: (text: string) => void;
}

/** How wide lines of help are. */
const helpWidth = 100;

/**
 * Reads the command line and runs the command that it names.
 *
 * @throws UsageError when it makes no sense: the parser has said already why.
 */
export async function runProgram(
  args: readonly string[],
  version: string,
  run: Run,
  output: ParserOutput,
): Promise<ExitResult> {
  let result: ExitResult;
  const program = new CommanderCommand("keyplane")
    .description("Manages the API keys of a Keyplane server.")
    .version(version, "-V, --version", "Say which version this is.")
    .addHelpText("after", "\nThe codes with which commands end, and all else: docs/sdk/cli.md");
  configure(program, output);
  const parents = new Map<string, CommanderCommand>([["", program]]);
  for (const [name, description] of Object.entries(groups)) {
    parents.set(name, configure(program.command(name), output).description(description));
  }
  for (const command of commands) {
    const words = command.path.split(" ");
    const name = words.at(-1) ?? "";
    const parent = parents.get(words.slice(0, -1).join(" ")) ?? program;
    const added = parent.command(name, { isDefault: command.isDefault ?? false });
    define(configure(added, output), command).action(async (...given: readonly unknown[]) => {
      const [options, argument] = command.argument ? [given[1], given[0]] : [given[0], ""];
      const texts = options as Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
      result = await run(command, readOptions(command, texts), globalOf(texts), String(argument));
    });
  }
  try {
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return undefined; // help or version was asked for, and shown
    throw new SaidAlready(error.message);
  }
  return result;
}

/** The parser has told what is wrong, in words of its own. */
export class SaidAlready extends UsageError {}

function configure(command: CommanderCommand, { out, error }: ParserOutput): CommanderCommand {
  return command
    .exitOverride()
    .helpOption("-h, --help", "Show this.")
    .helpCommand(false)
    .showHelpAfterError(`(${commandLine(command)} --help says more)`)
    .configureOutput({
      writeOut: out,
      writeErr: error,
      getOutHelpWidth: () => helpWidth,
      getErrHelpWidth: () => helpWidth,
    });
}

function commandLine(command: CommanderCommand): string {
  const names: string[] = [];
  for (let at: CommanderCommand | null = command; at; at = at.parent) names.unshift(at.name());
  return names.join(" ");
}

function define(target: CommanderCommand, command: Command): CommanderCommand {
  target
    .summary(command.summary)
    .description(command.details ? `${command.summary}\n\n${command.details}` : command.summary);
  if (command.argument) target.argument(`<${command.argument.name}>`, command.argument.description);
  for (const [name, option] of Object.entries(command.options)) target.addOption(optionOf(name, option));
  target.option("--json", "The result as JSON, for programs.");
  target.option("-q, --quiet", "Only ids and secrets, and nothing beside them.");
  target.option("--url <address>", "Which server. Default: KEYPLANE_URL, or where you signed in last.");
  const examples = command.examples.map(([line, what]) => `  keyplane ${line}\n      ${what}`);
  return target.addHelpText("after", `\nExamples:\n${examples.join("\n")}`);
}

function optionOf(name: string, option: Option<unknown>): CommanderOption {
  const collect = (text: string, before: readonly string[] | undefined): readonly string[] => [...(before ?? []), text];
  const made = new CommanderOption(
    `${flagOf(name)}${option.placeholder ? ` <${option.placeholder}>` : ""}`,
    helpOf(option),
  );
  if (option.placeholder) made.argParser(collect);
  return option.isRequired ? made.makeOptionMandatory() : made;
}

/** How an option is typed: `expiresIn` as `--expires-in`. */
export function flagOf(name: string): string {
  return `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** What the help says of an option. */
export function helpOf({ description, choices, placeholder }: Option<unknown>): string {
  return choices && placeholder !== choices.join("|") ? `${description} Of: ${choices.join(", ")}.` : description;
}

function readOptions(
  { options }: Command,
  given: Readonly<Record<string, string | boolean | readonly string[] | undefined>>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(options).map(([name, option]) => {
      const value = given[name];
      const texts = Array.isArray(value) ? (value as readonly string[]) : value === true ? ["yes"] : [];
      try {
        return [name, option.read(texts)];
      } catch (error) {
        if (error instanceof UsageError) throw new UsageError(`${flagOf(name)}: ${error.message}`);
        throw error;
      }
    }),
  );
}

function globalOf({ json, quiet, url }: Readonly<Record<string, unknown>>): GlobalOptions {
  return { json: json === true, quiet: quiet === true, url: typeof url === "string" ? url : undefined };
}
