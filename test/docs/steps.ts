/** A fenced block of a page: what stands behind the opening fence, and its text. */
export interface Block {
  readonly language: string;
  readonly text: string;
}

/** One step of a guide: its heading and its fenced blocks, in their order. */
export interface Step {
  readonly title: string;
  readonly blocks: readonly Block[];
}

/** The steps of a guide: headings such as `### 2. Create a tenant`, each with the blocks below it. */
export function stepsOf(page: string): Step[] {
  const headings = [...page.matchAll(/^#{2,4} (\d+\. .+)$/gm)];
  return headings.map((heading) => {
    const from = heading.index + heading[0].length;
    const rest = page.slice(from);
    const next = rest.search(/^#{1,4} /m);
    return { title: heading[1] ?? "", blocks: blocksOf(next < 0 ? rest : rest.slice(0, next)) };
  });
}

/** The only block of a step in this language. */
export function block(step: Step | undefined, language: string, nth = 0): string {
  const found = step?.blocks.filter((candidate) => candidate.language === language)[nth];
  if (!found) throw new Error(`step "${step?.title}" has no block of ${language} at ${nth}`);
  return found.text;
}

export function blocksOf(text: string): Block[] {
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language = "", content = ""]) => ({
    language,
    text: content,
  }));
}

/**
 * An answer as a page shows it: ids, secrets and times differ from run to run, so only their kind and form are kept. A text that
 * the page has shortened with … becomes the same as the whole one.
 */
export function comparable(text: string): string {
  return text
    .replaceAll(/\b(ten|usr|key|tok|req|aud)_[0-9A-Za-z]+…?/g, "$1_…")
    .replaceAll(/\b([a-z0-9]{2,12}_(?:live|test))_[0-9A-Za-z]{4}[0-9A-Za-z]*…?/g, "$1_…")
    .replaceAll(/\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z/g, "<time>")
    .replaceAll(/127\.0\.0\.1:\d+/g, "127.0.0.1:<port>");
}

/** Puts real values in the place of a page's `ten_…`, `acme_live_…` and the like. */
export function fillIn(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\b([a-z0-9]+(?:_live|_test)?)_…/g, (placeholder, prefix: string) => {
    const value = values[prefix];
    if (value === undefined) throw new Error(`no value for ${placeholder}`);
    return value;
  });
}
