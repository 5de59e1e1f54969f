import { styleText } from "node:util";
import type { CountedPage, PaginatedList } from "../../client/paginated-list.js";
import type { Streams } from "../terminal.js";
import { type Column, createTable, type TableStyle, widthOf } from "./table.js";
import { shown, shownField } from "./text.js";

/** How a command's result is written. */
export interface PrintOptions {
  /** One JSON document; a line of JSON for each entry where there may be very many. */
  readonly json: boolean;
  /** Ids and secrets only. */
  readonly quiet: boolean;
  readonly hasColors: boolean;
}

/** Which part of a list to print. */
export interface Part {
  readonly limit: number | undefined;
  readonly after: string | undefined;
  readonly all: boolean;
}

/** Fields whose JSON is people's own: it is shown as they wrote it. */
const ownJson = ["metadata"];
const usualLimit = 20;
const usualWidth = 80;

/**
 * Writes results to standard output and everything else to standard error, so that a result can be piped or kept in a file,
 * whatever is said beside it.
 */
export class Printer {
  readonly #streams: Streams;
  readonly #options: PrintOptions;

  constructor(streams: Streams, options: PrintOptions) {
    this.#streams = streams;
    this.#options = options;
  }

  get isQuiet(): boolean {
    return this.#options.quiet;
  }

  get isJson(): boolean {
    return this.#options.json;
  }

  /** A line of the result. */
  line(text: string): void {
    this.#streams.stdout.write(`${text}\n`);
  }

  /** A piece of the result as it is. Resolves when more can be taken, so that an export needs no memory. */
  async piece(text: string): Promise<void> {
    if (this.#streams.stdout.write(text)) return;
    await new Promise<void>((resolve) => this.#streams.stdout.once("drain", resolve));
  }

  /** Something to know beside the result; programs and the quiet do not want it. */
  note(text: string): void {
    if (!this.#options.quiet && !this.#options.json) this.#streams.stderr.write(`${text}\n`);
  }

  /** A value as one JSON document. */
  document(value: unknown): void {
    this.line(JSON.stringify(value, null, 2));
  }

  /** A value as one line of JSON. */
  jsonLine(value: unknown): void {
    this.line(JSON.stringify(value));
  }

  /** One thing: its fields below each other, its id alone, or JSON. */
  thing(thing: { readonly id: string; readonly [field: string]: unknown }): void {
    if (this.#options.json) this.document(thing);
    else if (this.#options.quiet) this.line(thing.id);
    else for (const text of this.#fields(thing)) this.line(text);
  }

  /** A thing with the secret that is shown this once: the secret alone on standard output, the rest beside it. */
  secret(name: string, thing: object, secret: string): void {
    if (this.#options.json) return this.document({ [name]: thing, secret });
    for (const text of this.#fields(thing)) this.note(text);
    this.note("The secret is shown this once and kept nowhere:");
    this.line(secret);
  }

  /** A thing that was changed: a sentence for people, the thing itself for programs. */
  changed(thing: { readonly id: string }, sentence: string): void {
    if (this.#options.json) this.document(thing);
    else if (this.#options.quiet) this.line(thing.id);
    else this.line(sentence);
  }

  /** A page of a list, or all of it. */
  async list<Row>(
    list: (pageSize: number) => PaginatedList<Row>,
    { limit = usualLimit, after, all }: Part,
    columns: readonly Column<Row>[],
    idOf: (row: Row) => string,
  ): Promise<void> {
    if (all) return this.#all(list(100), columns, idOf);
    const page = await list(limit).page({ first: limit, after });
    if (this.#options.json) return this.document(page);
    if (this.#options.quiet) for (const row of page.nodes) this.line(idOf(row));
    else this.table(page.nodes, columns);
    this.#tellRest(page);
  }

  async #all<Row>(
    list: PaginatedList<Row>,
    columns: readonly Column<Row>[],
    idOf: (row: Row) => string,
  ): Promise<void> {
    let table: ReturnType<typeof createTable<Row>> | undefined;
    for await (const { nodes } of list.byPage()) {
      if (!table && !this.#options.json && !this.#options.quiet) {
        table = createTable(columns, nodes, this.#style);
        this.line(table.head());
      }
      const written = nodes.map((row) => (this.#options.json ? JSON.stringify(row) : (table?.row(row) ?? idOf(row))));
      if (written.length > 0) await this.piece(`${written.join("\n")}\n`);
    }
  }

  /** Rows in aligned columns. */
  table<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): void {
    for (const text of this.#rows(rows, columns)) this.line(text);
  }

  /** The same beside the result. */
  noteTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): void {
    for (const text of this.#rows(rows, columns)) this.note(text);
  }

  #rows<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string[] {
    const table = createTable(columns, rows, this.#style);
    return [table.head(), ...rows.map((row) => table.row(row))];
  }

  bold(text: string): string {
    return this.#style.bold(text);
  }

  #tellRest({ nodes, totalCount, pageInfo }: CountedPage<unknown>): void {
    if (!pageInfo.hasNextPage) return this.note(`${shown(totalCount)} in all.`);
    this.note(`${shown(nodes.length)} of ${shown(totalCount)}. The next: --after ${pageInfo.endCursor}, or --all.`);
  }

  #fields(thing: object): string[] {
    const fields = fieldsOf(thing);
    const width = Math.max(0, ...fields.map(([name]) => widthOf(name)));
    return fields.map(([name, value]) => `${this.bold(name.padEnd(width))}  ${shownField(name, value)}`);
  }

  get #style(): TableStyle {
    const { isTTY, columns } = this.#streams.stdout;
    return {
      width: isTTY ? (columns ?? usualWidth) : Number.POSITIVE_INFINITY,
      bold: (text) => (isTTY && this.#options.hasColors ? styleText("bold", text, { validateStream: false }) : text),
    };
  }
}

/** The fields of a thing that have a value; those of a thing within it as `policy.prefix`. */
function fieldsOf(thing: object, within = ""): (readonly [name: string, value: unknown])[] {
  const fields: [string, unknown][] = Object.entries(thing);
  return fields.flatMap(([field, value]) => {
    if (field.startsWith("__") || value === null || value === undefined) return [];
    const name = `${within}${field}`;
    const isWhole = typeof value !== "object" || Array.isArray(value) || ownJson.includes(field);
    return isWhole ? [[name, value] as const] : fieldsOf(value, `${name}.`);
  });
}
