import { type DocumentNode, Kind, OperationTypeNode, parse } from "graphql";
import { LRUCache } from "lru-cache";

/** Bytes of a request without a token: room for a password and a document, and for no more. */
export const maxOpenBody = 8_192;
/** Words and signs of its document. */
const maxLexicalTokens = 300;
/** How many documents are remembered, the refused ones, too. */
const maxDocuments = 500;

/**
 * Makes the question whether a request without a token may be executed: one operation, a mutation, with one field, one that anyone
 * may ask for. So nobody reads the schema, tries two passwords in one request, or finds anything else to do, without being known.
 */
export function createOpenOperations(openFields: ReadonlySet<string>): (body: Buffer) => boolean {
  const known = new LRUCache<string, boolean>({ max: maxDocuments });
  return (body) => {
    const query = queryOf(body);
    if (query === null) return false;
    let isOpen = known.get(query);
    if (isOpen === undefined) {
      isOpen = isOpenDocument(query, openFields);
      known.set(query, isOpen);
    }
    return isOpen;
  };
}

/** The text of a request's document; null when it is no single request. */
function queryOf(body: Buffer): string | null {
  try {
    const request: unknown = JSON.parse(body.toString());
    if (typeof request !== "object" || request === null || !("query" in request)) return null;
    return typeof request.query === "string" ? request.query : null;
  } catch {
    return null; // whoever has no token is told that, and nothing of their request
  }
}

function isOpenDocument(query: string, openFields: ReadonlySet<string>): boolean {
  let document: DocumentNode;
  try {
    document = parse(query, { maxLexicalTokens, noLocation: true });
  } catch {
    return false; // as above
  }
  const operations = document.definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  const [operation] = operations;
  if (!operation || operations.length !== 1 || operation.operation !== OperationTypeNode.MUTATION) return false;
  const [field] = operation.selectionSet.selections;
  if (operation.selectionSet.selections.length !== 1 || field?.kind !== Kind.FIELD) return false;
  return openFields.has(field.name.value) && !operation.directives?.length && !field.directives?.length;
}
