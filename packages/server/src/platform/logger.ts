import { type DestinationStream, type Logger, pino } from "pino";

export type { Logger } from "pino";

export const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

/**
 * Structured logs, one JSON object a line on standard output. Fields that could carry a credential are removed by name as a
 * second line of defence; the first is never to pass one.
 */
export function createLogger(level: LogLevel, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: {
      paths: [
        "secret",
        "token",
        "key",
        "authorization",
        "password",
        "*.secret",
        "*.token",
        "*.key",
        "*.authorization",
        "*.password",
      ],
      censor: "[redacted]",
    },
  };
  return destination ? pino(options, destination) : pino(options);
}
