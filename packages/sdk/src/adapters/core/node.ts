import type { GuardVerdict } from "../../guard/guard.js";
import type { Admission, Policy } from "./policy.js";
import type { Problem } from "./problem.js";
import type { ValidVerdict } from "./verdict.js";

/** An answer as `node:http` and `node:http2` write it. */
export interface NodeResponse {
  statusCode: number;
  readonly destroyed?: boolean | undefined;
  readonly closed?: boolean | undefined;
  setHeader(name: string, value: string): unknown;
  end(text?: string): unknown;
  destroy(): unknown;
  once(event: "close", listener: () => void): unknown;
}

/** Headers that others have set before, such as those of CORS, stay: without them a browser would hide the problem. */
export function sendProblem(response: NodeResponse, { status, headers, body }: Problem): void {
  response.statusCode = status;
  setHeaders(response, headers);
  response.end(body);
}

function setHeaders(response: NodeResponse, headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
}

/**
 * Breaks an answer off when its key is refused.
 *
 * @returns the problem to answer when the key was refused in the meantime.
 */
export function holdOpen<Args extends readonly unknown[]>(
  policy: Policy<Args>,
  verdict: ValidVerdict,
  response: NodeResponse,
): Problem | null {
  let refusal: GuardVerdict | undefined;
  let isHeld = false;
  const release = policy.bind(verdict, (refused) => {
    refusal = refused;
    if (isHeld) response.destroy();
  });
  isHeld = true;
  // The caller may have gone while the key was verified; nobody would release it then.
  if (refusal || response.destroyed || response.closed) release();
  else response.once("close", release);
  return refusal ? policy.problemOf(refusal) : null;
}

/** {@link Policy.admit} with {@link holdOpen}, where that is asked for. */
export async function admitNode<Args extends readonly unknown[]>(
  policy: Policy<Args>,
  response: NodeResponse,
  ...call: Parameters<Policy<Args>["admit"]>
): Promise<Admission> {
  const admission = await policy.admit(...call);
  if (admission.verdict) setHeaders(response, policy.headersOf(admission.verdict));
  if (!policy.closeOnRevocation || !admission.verdict) return admission;
  const problem = holdOpen(policy, admission.verdict, response);
  return problem ? { verdict: null, problem } : admission;
}
