import { systemActor } from "../../audit/index.js";
import { anonymousPrincipal } from "../../auth/index.js";
import type { Events } from "../../events/index.js";
import type { SessionEnds, SignIn as SessionSignIn } from "../../sessions/index.js";
import type { SignIn } from "./interaction.js";

/**
 * Settles who somebody is by the sign-in that people use everywhere: its throttling, its constant answers, its record in the audit
 * log. The session that it begins has served its purpose then: what the client gets is tokens of its own.
 */
export function createPasswordSignIn(deps: { events: Events; ends: SessionEnds; signIn: SessionSignIn }): SignIn {
  const { events, ends, signIn } = deps;
  return async (input, origin) => {
    const { session } = await signIn.signIn(anonymousPrincipal(origin), input);
    const actor = { ...systemActor, ...origin };
    await events.transaction((tx) => ends.end(tx, session, actor, "signed in for an OAuth client only"));
    return session.userId;
  };
}
