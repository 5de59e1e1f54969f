import { builtinModule } from "./builtin-module.js";

interface NodeEvents {
  readonly setMaxListeners?: (most: number, target: AbortSignal) => void;
}

/** Every call that is under way listens to a guard's signal; Node would warn of a leak from the eleventh on. */
export function allowManyListeners(signal: AbortSignal): void {
  builtinModule<NodeEvents>("node:events")?.setMaxListeners?.(0, signal);
}
