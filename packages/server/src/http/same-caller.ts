import { type Authenticate, haveSameBounds, type Principal } from "../modules/auth/index.js";
import { KeyplaneError } from "../platform/errors.js";

/**
 * Makes the question whether a stream's caller may still have what the stream was opened for: its token is still good, and
 * still has the bounds and permissions that it had.
 */
export function createStillAllowed(
  authenticate: Authenticate,
  authorization: string | null | undefined,
  opened: Principal,
): () => Promise<boolean> {
  const { requestId, address } = opened;
  return async () => {
    try {
      const now = await authenticate(authorization, { requestId, address });
      return (
        haveSameBounds(now, opened) && [...opened.permissions].every((permission) => now.permissions.has(permission))
      );
    } catch (error) {
      if (error instanceof KeyplaneError && error.code === "UNAUTHENTICATED") return false;
      throw error;
    }
  };
}
