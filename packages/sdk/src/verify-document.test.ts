import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { VerifyKeyDocument } from "./_generated/documents.js";

test("the document of verifyKey is the one that servers may trust by its hash", () => {
  // When this fails, put the new hash into the server's trusted-verify.ts. SDKs in the field are answered by GraphQL then: right, and slower.
  const hash = createHash("sha256").update(VerifyKeyDocument).digest("hex");
  expect(hash).toMatchInlineSnapshot(`"9fa97f234009078eb9f0fe8524034224c76d0b6b37faf8257869d3580e77acbd"`);
});
