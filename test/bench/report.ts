import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Prints the figures of a benchmark and keeps them as its last result, `test/bench/results/<name>.txt`. */
export function report(name: string, lines: readonly string[]): void {
  const text = `pnpm bench ${name}\n${lines.join("\n")}\n`;
  console.log(`\n${text}`);
  const folder = fileURLToPath(new URL("results/", import.meta.url));
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}${name}.txt`, text);
}
