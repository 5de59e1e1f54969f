import type { Authenticate } from "../modules/auth/index.js";
import { authorize } from "../modules/auth/index.js";
import type { Logger } from "../platform/logger.js";
import type { Endpoint } from "./graphql-endpoint.js";
import { createMetrics, type MetricsSource } from "./metrics.js";
import { refuse } from "./refusal.js";

/** `/metrics`: for Prometheus and what speaks its format. Asks for `metrics:read`, because it tells how busy everybody is. */
export function createMetricsEndpoint(deps: {
  authenticate: Authenticate;
  source: MetricsSource;
  logger: Logger;
}): Endpoint {
  const { authenticate, source, logger } = deps;
  const metrics = createMetrics(source);
  return (request, response, origin) => {
    Promise.resolve()
      .then(() => authenticate(request.headers.authorization, origin))
      .then(async (principal) => {
        authorize(principal, "metrics:read");
        const text = await metrics.text();
        response.writeHead(200, { "content-type": metrics.contentType, "cache-control": "no-store" });
        response.end(text);
      })
      .catch((error: unknown) => refuse(response, origin.requestId, error, logger));
  };
}
