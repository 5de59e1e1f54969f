import { maxPasswordLength } from "../../modules/sessions/index.js";
import { pagePolicy } from "../page-policy.js";
import { pageSessionScript } from "./page-session.js";

const style = `
  :root { color-scheme: light dark; }
  body { font: 16px/1.6 system-ui, sans-serif; max-width: 30rem; margin: 4rem auto; padding: 0 1.25rem; }
  label { display: block; font-weight: 600; margin-top: 1rem; }
  input { font: inherit; width: 100%; box-sizing: border-box; padding: .5rem; }
  button { font: inherit; margin: 1.25rem .5rem 0 0; padding: .5rem 1.25rem; }
  .hint { opacity: .8; margin: .25rem 0 0; font-weight: 400; }
  #answer { margin-top: 1.25rem; min-height: 3.2em; }
  #answer.wrong { border-left: .25rem solid #c62828; padding-left: .75rem; }
`;

// Plain JavaScript for the browser. What the server says is shown as text, never as markup.
const script = `
const session = createPageSession((...asked) => fetch(...asked));
const form = document.querySelector("form");
const answer = document.getElementById("answer");
const value = (id) => document.getElementById(id).value.trim();
// Where somebody came from: one of our own pages, or the playground.
const pages = ["/graphql", "/usage"];
const back = pages.includes(location.hash.slice(1)) ? location.hash.slice(1) : pages[0];

function say(text, kind) {
  answer.textContent = text;
  answer.className = kind;
}

async function busy(work) {
  const buttons = [...form.querySelectorAll("button")];
  for (const button of buttons) button.disabled = true;
  say("One moment …", "");
  try {
    await work();
  } catch {
    say("The server did not answer. Try again in a moment.", "wrong");
  } finally {
    for (const button of buttons) button.disabled = false;
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  void busy(async () => {
    const input = { email: value("email"), password: document.getElementById("password").value, tenant: value("tenant") || null };
    const problem = await session.signIn(input);
    if (problem !== null) return say(problem, "wrong");
    document.getElementById("password").value = "";
    location.replace(back);
  });
});

document.getElementById("forgotten").addEventListener("click", () => {
  if (value("email") === "") return say("Enter your e-mail address first.", "wrong");
  void busy(async () => {
    const query = "mutation ($input: RequestPasswordLinkInput!) { requestPasswordLink(input: $input) { __typename ... on Error { message } } }";
    const response = await fetch("/graphql", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query, variables: { input: { email: value("email"), tenant: value("tenant") || null } } }),
    });
    const { data, errors } = await response.json();
    const problem = data ? data.requestPasswordLink.message : errors[0].message;
    if (problem) return say(problem, "wrong");
    say("If this address has an account, a link to set a new password is on its way.", "");
  });
});
`;

/**
 * The page at `/sign-in`, where somebody signs in to the playground and the usage page with e-mail address and password. The session stays in
 * this browser tab. Everything is in the page itself.
 *
 * @returns the page, and the Content-Security-Policy that fits it.
 */
export async function signInPage(): Promise<{ html: string; policy: string }> {
  const code = `${await pageSessionScript()}${script}`;
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sign in – Keyplane</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<h1>Sign in</h1>
<noscript><p>This page needs JavaScript: it asks the server in your name.</p></noscript>
<form autocomplete="on">
  <label for="email">E-mail address</label>
  <input id="email" name="email" type="email" autocomplete="username" required maxlength="254">
  <label for="password">Password</label>
  <input id="password" name="password" type="password" autocomplete="current-password" required maxlength="${maxPasswordLength * 4}">
  <label for="tenant">Tenant <span class="hint">– only if your address has an account in several</span></label>
  <input id="tenant" name="tenant" autocomplete="organization" maxlength="100">
  <button type="submit">Sign in</button>
  <button type="button" id="forgotten">I have forgotten my password</button>
</form>
<p id="answer" role="status"></p>
<p class="hint">You stay signed in in this browser tab only. Programs use <a href="/graphql">a management token</a> instead.</p>
</body>
<script>${code}</script>
</html>
`;
  return { html, policy: pagePolicy(style, code) };
}
