import type { GuardVerdict } from "../../guard/guard.js";
import type { Policy } from "./policy.js";
import type { Problem } from "./problem.js";
import type { ValidVerdict } from "./verdict.js";

/** What makes answers; those of a framework of its own where it has some. */
export interface FetchClasses {
  readonly Response: typeof Response;
  readonly ReadableStream: typeof ReadableStream;
}

/** @param method of the request: answers to HEAD have no body. */
export function responseOf({ status, headers, body }: Problem, method: string, classes: FetchClasses): Response {
  return new classes.Response(method === "HEAD" ? null : body, { status, headers });
}

/** An answer that also says what {@link Policy.headersOf} tells. */
export function withHeaders(
  response: Response,
  told: Readonly<Record<string, string>>,
  classes: FetchClasses,
): Response {
  const headers = Object.entries(told);
  if (headers.length === 0) return response;
  // Those of an answer from elsewhere cannot be changed.
  const answer = new classes.Response(response.body, response);
  for (const [name, value] of headers) answer.headers.set(name, value);
  return answer;
}

/** Waits for the key of an answer to be refused. */
export interface Watch {
  /** The answer as it is to be sent: it breaks off when the key is refused; one whose key was refused already is a problem. */
  over(response: Response): Response;
  /** Forgets it: there is no answer. */
  release(): void;
}

/** Begins when the key is verified, so that nothing is missed while the handler makes the answer. */
export function watch<Args extends readonly unknown[]>(
  policy: Policy<Args>,
  verdict: ValidVerdict,
  method: string,
  classes: FetchClasses,
): Watch {
  let refusal: GuardVerdict | undefined;
  let breakOff: (() => void) | undefined;
  const release = policy.bind(verdict, (refused) => {
    refusal = refused;
    breakOff?.();
  });
  return {
    release,
    over(response) {
      const { body } = response;
      if (refusal || body === null || method === "HEAD") {
        release();
        if (!refusal) return response;
        // Whoever makes the answer learns that nobody wants it.
        body?.cancel().catch(() => undefined);
        return responseOf(policy.problemOf(refusal), method, classes);
      }
      const breakable = breakableStream(body, release, classes);
      breakOff = breakable.breakOff;
      return new classes.Response(breakable.stream, response);
    },
  };
}

/** @param ended called once when the stream is over, however it ends. */
function breakableStream(
  source: ReadableStream<Uint8Array>,
  ended: () => void,
  classes: FetchClasses,
): { readonly stream: ReadableStream<Uint8Array>; breakOff(): void } {
  const reader = source.getReader();
  let isOver = false;
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;

  function end(how: (() => void) | undefined): void {
    if (isOver) return;
    isOver = true;
    ended();
    how?.();
  }

  const stream = new classes.ReadableStream<Uint8Array>(
    {
      start(given) {
        controller = given;
      },
      async pull(given) {
        try {
          const { done, value } = await reader.read();
          if (isOver) return;
          if (done) end(() => given.close());
          else given.enqueue(value);
        } catch (error) {
          end(() => given.error(error));
        }
      },
      async cancel(reason) {
        end(undefined);
        await reader.cancel(reason);
      },
    },
    // Nothing is read ahead, so that a slow reader holds the source up as it did before.
    { highWaterMark: 0 },
  );

  return {
    stream,
    breakOff() {
      end(() => {
        controller?.error(new Error("The key of this answer was refused while it was sent."));
        // The source may fail at its end; there is nobody left to tell.
        reader.cancel().catch(() => undefined);
      });
    },
  };
}
