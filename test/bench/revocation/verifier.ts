import { resolveOptions } from "../../../packages/sdk/src/client/resolve-options.js";
import { realRuntime } from "../../../packages/sdk/src/client/runtime.js";
import { createSubscribe } from "../../../packages/sdk/src/client/subscription.js";
import { createGuard } from "../../../packages/sdk/src/guard/index.js";

/** A key as it is presented, and its id. */
export interface WatchedKey {
  readonly id: string;
  readonly secret: string;
}

/** Where to verify. */
export interface Target {
  readonly url: string;
  readonly token: string;
}

/** Somebody who verifies keys and hears of revocations. */
export interface Verifier {
  /** Knows the keys, and that they are valid. */
  know(keys: readonly WatchedKey[]): Promise<void>;
  close(): Promise<void>;
}

/** Makes a verifier that follows the server; `refused` is called as soon as it refuses a key that it knows. */
export type StartVerifier = (target: Target, refused: (keyId: string) => void) => Promise<Verifier>;

/** The SDK's guard, as everybody uses it. */
const startGuard: StartVerifier = async (target, refused) => {
  const guard = createGuard({ ...target, usage: false, timeoutMs: 60_000 });
  const known = new Map<string, string>();
  guard.on("revoked", ({ keyId }) => {
    const secret = known.get(keyId ?? "");
    if (keyId === null || secret === undefined) return;
    guard.verify(secret).then(
      // Refused from memory: an answer of the server would be no news of the stream.
      ({ valid, source }) => void (!valid && source === "local" && refused(keyId)),
      () => {},
    );
  });
  await guard.ready();
  return {
    async know(keys) {
      for (const { id, secret } of keys) {
        const { valid, code } = await guard.verify(secret);
        if (!valid) throw new Error(`a key that must be valid is ${code}`);
        known.set(id, secret);
      }
    },
    close: () => guard.close(),
  };
};

const document = `subscription { keyEvents(types: [REVOKED]) { __typename ... on KeyEvent { keyId } } }`;

/** The stream alone: what is left of the time when a verifier does nothing with an event. */
const startStream: StartVerifier = async (target, refused) => {
  const subscribe = createSubscribe(resolveOptions({ ...target, timeoutMs: 60_000 }), realRuntime);
  const stop = new AbortController();
  await new Promise<void>((resolve, reject) => {
    const read = async (): Promise<void> => {
      const events = subscribe<{ keyEvents: { keyId?: string } }, object>(
        document,
        {},
        { signal: stop.signal, onOpen: resolve },
      );
      for await (const { keyEvents } of events) if (keyEvents.keyId) refused(keyEvents.keyId);
    };
    read().catch((error: unknown) => {
      if (stop.signal.aborted) return;
      reject(error);
      // It does not come back, and whoever counts refusals must know why some are missing.
      console.error(error);
    });
  });
  return { know: async () => {}, close: async () => stop.abort() };
};

export const verifierKinds: Readonly<Record<string, StartVerifier>> = { guard: startGuard, stream: startStream };
