import { type DestinationStream, type Logger, pino } from "pino";

export type { Logger } from "pino";

export const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

/** What JSON leaves as it is and terminals take for a command, or readers for the end of a line. */
const unsafe = /[\u007f-\u009f\u2028\u2029]/g;

/**
 * Structured logs, one JSON object a line on standard output. Fields that could carry a credential are removed by name as a
 * second line of defence; the first is never to pass one.
 */
export function createLogger(level: LogLevel, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    hooks: {
      // Texts of callers may stand in messages.
      streamWrite: (line: string) =>
        line.replace(unsafe, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`),
    },
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
