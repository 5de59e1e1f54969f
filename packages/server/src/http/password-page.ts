import { createHash } from "node:crypto";
import { maxPasswordLength, minPasswordLength } from "../modules/sessions/index.js";

const style = `
  :root { color-scheme: light dark; }
  body { font: 16px/1.6 system-ui, sans-serif; max-width: 30rem; margin: 4rem auto; padding: 0 1.25rem; }
  label { display: block; font-weight: 600; margin-top: 1rem; }
  input { font: inherit; width: 100%; box-sizing: border-box; padding: .5rem; }
  .check { display: flex; gap: .5rem; align-items: center; font-weight: 400; }
  .check input { width: auto; }
  button { font: inherit; margin-top: 1.25rem; padding: .5rem 1.25rem; }
  .hint { opacity: .8; margin: .25rem 0 0; }
  #answer { margin-top: 1.25rem; min-height: 3.2em; }
  #answer.wrong { border-left: .25rem solid #c62828; padding-left: .75rem; }
  #answer.right { border-left: .25rem solid #2e7d32; padding-left: .75rem; }
`;

// Plain JavaScript for the browser. What the server says is shown as text, never as markup.
const script = `
const form = document.querySelector("form");
const fields = [document.getElementById("password"), document.getElementById("again")];
const answer = document.getElementById("answer");
const token = location.hash.slice(1);
// The token leaves the address bar, so that nobody reads it there or copies it along with the address.
history.replaceState(null, "", location.pathname);

function say(text, kind) {
  answer.textContent = text;
  answer.className = kind;
}

if (token === "") {
  say("This page needs the link from your mail. Open it from there.", "wrong");
  form.hidden = true;
}

document.getElementById("show").addEventListener("change", (event) => {
  for (const field of fields) field.type = event.target.checked ? "text" : "password";
});

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const [password, again] = fields.map((field) => field.value);
  if (password !== again) return say("The two passwords differ. Type them again.", "wrong");
  const button = form.querySelector("button");
  button.disabled = true;
  say("One moment …", "");
  try {
    const query = "mutation ($input: SetPasswordInput!) { setPassword(input: $input) { __typename ... on Error { message } ... on InvalidInputError { issues { message } } } }";
    const response = await fetch("/graphql", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query, variables: { input: { token, password } } }),
    });
    const { data, errors } = await response.json();
    if (!data) return say(errors[0].message, "wrong");
    const result = data.setPassword;
    if (result.__typename !== "SetPasswordPayload") {
      const issues = (result.issues || []).map((issue) => issue.message);
      return say(issues.length > 0 ? issues.join(" ") : result.message, "wrong");
    }
    form.remove();
    say("Your password is set. You can sign in with it now, and close this page.", "right");
  } catch {
    say("The server did not answer. Try again in a moment.", "wrong");
  } finally {
    button.disabled = false;
  }
});
`;

/**
 * The page at `/password`, where somebody sets a password by a link. The link's token stands in the fragment of the address, which
 * browsers do not send: no proxy and no log of ours sees it. Everything is in the page itself.
 *
 * @returns the page, and the Content-Security-Policy that fits it.
 */
export async function passwordPage(): Promise<{ html: string; policy: string }> {
  const policy = [
    "default-src 'none'",
    `script-src '${hashOf(script)}'`,
    `style-src '${hashOf(style)}'`,
    "img-src data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Keyplane: set your password</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<main>
<h1>Set your password</h1>
<form>
  <label for="password">New password</label>
  <input id="password" type="password" autocomplete="new-password" required minlength="${minPasswordLength}" aria-describedby="rules">
  <p class="hint" id="rules">${minPasswordLength} to ${maxPasswordLength} characters of any kind, spaces too. Several words in a row are easy to keep in mind and hard to guess.</p>
  <label for="again">The same again</label>
  <input id="again" type="password" autocomplete="new-password" required>
  <label class="check"><input id="show" type="checkbox"> Show what I type</label>
  <button type="submit">Set password</button>
</form>
<p id="answer" role="status" aria-live="polite"></p>
<noscript><p>This page needs JavaScript, because the link's secret never leaves the browser but for setting the password.</p></noscript>
</main>
<script type="module">${script}</script>
</body>
</html>
`;
  return { html, policy };
}

function hashOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
