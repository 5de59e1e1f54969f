import truncatedWidth from "fast-string-truncated-width";
import { shown } from "./text.js";

/** One column of a table. */
export interface Column<Row> {
  readonly head: string;
  readonly of: (row: Row) => unknown;
  /** Ids and numbers are of no use when they are cut. */
  readonly isWhole?: boolean;
  /** To the right: numbers. */
  readonly isNumber?: boolean;
}

/** How a table is set. */
export interface TableStyle {
  /** How wide it may be, in columns of the terminal; Infinity where nobody looks. */
  readonly width: number;
  readonly bold: (text: string) => string;
}

const gap = "  ";
/** A column is not made narrower than this. */
const narrowest = 8;

/**
 * Sets rows in aligned columns. What does not fit the width is cut, the widest column first, and never a column that is of use
 * only as a whole. The widths are those of the first rows: what is printed later keeps to them.
 */
export function createTable<Row>(columns: readonly Column<Row>[], first: readonly Row[], style: TableStyle) {
  const widths = fitted(columns, first, style.width);
  const line = (cells: readonly string[]): string =>
    columns
      .map(({ isNumber }, at) => {
        const cell = Number.isFinite(style.width) ? cut(cells[at] ?? "", widths[at] ?? 0) : (cells[at] ?? "");
        const space = " ".repeat(Math.max(0, (widths[at] ?? 0) - widthOf(cell)));
        return isNumber ? space + cell : cell + space;
      })
      .join(gap)
      .trimEnd();
  return {
    head: (): string => style.bold(line(columns.map(({ head }) => head))),
    row: (row: Row): string => line(columns.map(({ of }) => shown(of(row)))),
  };
}

function fitted<Row>(columns: readonly Column<Row>[], rows: readonly Row[], width: number): number[] {
  const widths = columns.map(({ head, of }) => Math.max(widthOf(head), ...rows.map((row) => widthOf(shown(of(row))))));
  let excess = widths.reduce((sum, each) => sum + each, gap.length * (columns.length - 1)) - width;
  while (excess > 0) {
    const candidates = widths.map((each, at) => (columns[at]?.isWhole || columns[at]?.isNumber ? 0 : each));
    const widest = Math.max(...candidates);
    if (widest <= narrowest) break; // the terminal wraps the lines
    const at = candidates.indexOf(widest);
    const second = Math.max(
      narrowest,
      ...candidates.filter((_, other) => other !== at && candidates[other] !== widest),
    );
    const less = Math.max(1, Math.min(excess, widest - second));
    widths[at] = widest - less;
    excess -= less;
  }
  return widths;
}

/** How many columns of a terminal a text takes. */
export function widthOf(text: string): number {
  return truncatedWidth(text).width;
}

/** The text, cut to a width with an ellipsis. */
export function cut(text: string, width: number): string {
  const { truncated, index } = truncatedWidth(text, { limit: width, ellipsis: "…", ellipsisWidth: 1 });
  return truncated ? `${text.slice(0, index)}…` : text;
}
