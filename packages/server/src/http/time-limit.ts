import { KeyplaneError } from "../platform/errors.js";

/**
 * Gives up waiting for work whose result is not needed late. The work itself goes on; only for what changes nothing.
 *
 * @param timeMs milliseconds.
 * @throws KeyplaneError with TIMEOUT.
 */
export async function withTimeLimit<Result>(work: Promise<Result>, timeMs: number): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const message = `This took longer than ${timeMs / 1000} seconds. Nothing was changed; try again in a moment.`;
    timer = setTimeout(() => reject(new KeyplaneError("TIMEOUT", message)), timeMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
