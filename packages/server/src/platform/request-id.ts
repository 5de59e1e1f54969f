import { createId, idPrefixes } from "@keyplane/schema";

const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const counterDigits = 8;

/**
 * Makes the ids of requests, in the form of all ids: 16 random characters of this process and a counter of 8. They name a request
 * in logs and need not be hard to guess, and drawing 24 random characters for each would cost a twentieth of a verification.
 */
export function createRequestIds(): () => string {
  const process = createId("Request").slice(0, idPrefixes.Request.length + 1 + 16);
  let count = 0;
  return () => {
    let rest = count++;
    let counter = "";
    for (let digit = 0; digit < counterDigits; digit++) {
      counter = digits.charAt(rest % 62) + counter;
      rest = Math.floor(rest / 62);
    }
    return process + counter;
  };
}
