import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { VerifyKeyDocument } from "./_generated/documents.js";

test("the document of verifyKey is the one that servers may trust by its hash", () => {
  // When this fails, every SDK in the field takes the slow path of a server that knows only the new document. A server
  // must then know the hashes of both.
  const hash = createHash("sha256").update(VerifyKeyDocument).digest("hex");
  expect(hash).toMatchInlineSnapshot(`"9fa97f234009078eb9f0fe8524034224c76d0b6b37faf8257869d3580e77acbd"`);
});
