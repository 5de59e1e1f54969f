import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { VerifyKeyDocument } from "./_generated/documents.js";

test("the document of verifyKey is the one that servers may trust by its hash", () => {
  // When this fails, every SDK in the field takes the slow path of a server that knows only the new document. A server
  // must then know the hashes of both.
  const hash = createHash("sha256").update(VerifyKeyDocument).digest("hex");
  expect(hash).toMatchInlineSnapshot(`"d4b74fa7b6c2bd65287da4bcc2bcbeb5243c3ec039c8206ee4c0cbfc9075ecf3"`);
});
