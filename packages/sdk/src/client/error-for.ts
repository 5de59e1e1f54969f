import {
  AuthenticationError,
  type KeyplaneError,
  type KeyplaneErrorDetails,
  PermissionError,
  RateLimitedError,
  RequestError,
  ServerError,
  TimeoutError,
} from "./errors.js";

/**
 * The error of the class that fits a code. The code decides before the status does, because a GraphQL answer may have
 * errors and the status 200. A code that only a newer server knows falls to the status.
 */
export function errorFor(message: string, details: KeyplaneErrorDetails): KeyplaneError {
  const { code, status = 0 } = details;
  switch (code) {
    case "UNAUTHENTICATED":
      return new AuthenticationError(message, details);
    case "FORBIDDEN":
      return new PermissionError(message, details);
    case "RATE_LIMITED":
      return new RateLimitedError(message, details);
    case "TIMEOUT":
      return new TimeoutError(message, details);
    case "INTERNAL":
    case "UNAVAILABLE":
      return new ServerError(message, details);
    default:
      return status >= 500 ? new ServerError(message, details) : new RequestError(message, details);
  }
}
