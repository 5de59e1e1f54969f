import { type Permission, permissions } from "@keyplane/schema";
import { escapeHtml, type Page, pageOf } from "./html.js";

/** Who asks, as the user reads it. */
interface Asking {
  readonly clientName: string;
  /** Where the user returns to. */
  readonly redirectUri: string;
}

/** The form in which a user signs in. @param problem why the last attempt was refused. */
export function signInPage(
  asking: Asking,
  form: {
    readonly email: string;
    readonly tenant: string;
    readonly asksTenant: boolean;
    readonly problem: string | null;
  },
): Page {
  const problem = form.problem === null ? "" : `<p class="problem" role="alert">${escapeHtml(form.problem)}</p>`;
  const tenant = form.asksTenant
    ? `<label for="tenant">Tenant, if you have an account in several</label>
<input id="tenant" name="tenant" autocomplete="organization" maxlength="100" value="${escapeHtml(form.tenant)}">`
    : "";
  const body = `<p><strong>${escapeHtml(asking.clientName)}</strong> asks you to sign in to Keyplane.</p>
${problem}
<form method="post" autocomplete="on">
<label for="email">E-mail address</label>
<input id="email" name="email" type="email" autocomplete="username" required maxlength="254" value="${escapeHtml(form.email)}">
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required maxlength="1024">
${tenant}
<button name="action" value="sign-in">Sign in</button>
<button name="action" value="deny" class="quiet" formnovalidate>Cancel</button>
</form>`;
  return pageOf("Sign in", body, targetsOf(asking));
}

/** The page on which a user agrees. @param requested by resource: the scopes that were not granted before. */
export function consentPage(
  asking: Asking,
  asked: {
    readonly userName: string;
    readonly ownResource: string;
    readonly requested: Readonly<Record<string, readonly string[]>>;
    readonly openid: readonly string[];
  },
): Page {
  const parts = Object.entries(asked.requested).map(([resource, scopes]) => {
    const where = resource.replace(/\/$/, "") === asked.ownResource ? "In Keyplane" : `At ${resource}`;
    return `<p>${escapeHtml(where)}:</p><ul>${scopes.map((scope) => `<li>${wordsOf(scope)}</li>`).join("")}</ul>`;
  });
  if (asked.openid.includes("openid")) parts.unshift("<p>To know who you are.</p>");
  if (asked.openid.includes("offline_access"))
    parts.push("<p>To go on doing so while you are away, until you or an administrator end it.</p>");
  const body = `<p><strong>${escapeHtml(asking.clientName)}</strong> asks <strong>${escapeHtml(asked.userName)}</strong> to be allowed:</p>
${parts.join("\n")}
<p>It never gets more than you may do yourself. You return to <code>${escapeHtml(new URL(asking.redirectUri).origin)}</code>.</p>
<form method="post">
<button name="action" value="allow">Allow</button>
<button name="action" value="deny" class="quiet">Deny</button>
</form>`;
  return pageOf("Allow access", body, targetsOf(asking));
}

/** What is shown where nobody can be sent back to the client. */
export function errorPage(code: string, description: string | undefined): Page {
  const body = `<p class="problem" role="alert">${escapeHtml(description ?? "This request cannot go on.")}</p>
<p>Go back to the application and begin again. If that does not help, its developer needs this: <code>${escapeHtml(code)}</code>.</p>`;
  return pageOf("That did not work", body);
}

function wordsOf(scope: string): string {
  const entry = Object.hasOwn(permissions, scope) ? permissions[scope as Permission] : undefined;
  return entry
    ? `${escapeHtml(entry.description)} <code>${escapeHtml(scope)}</code>`
    : `<code>${escapeHtml(scope)}</code>`;
}

function targetsOf({ redirectUri }: Asking): string[] {
  return [new URL(redirectUri).origin];
}
