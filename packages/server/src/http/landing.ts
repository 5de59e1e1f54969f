/** The plain page at `/` that says what runs where. */
export function landingHtml({ version, database }: { version: string; database: string }): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Keyplane</title>
<style>
  :root { color-scheme: light dark; }
  body { font: 16px/1.6 system-ui, sans-serif; max-width: 44rem; margin: 4rem auto; padding: 0 1.25rem; }
  h1 { margin-bottom: 0; }
  table { border-collapse: collapse; width: 100%; margin: 1.5rem 0; }
  th, td { text-align: left; padding: .5rem .75rem .5rem 0; border-bottom: 1px solid #8884; vertical-align: top; }
  code { font-family: ui-monospace, monospace; }
  .muted { opacity: .7; margin-top: 0; }
</style>
</head>
<body>
<h1>Keyplane</h1>
<p class="muted">A self-hosted control plane for API keys. Version ${version}, on ${database}.</p>
<table>
  <tr><th>Where</th><th>What</th></tr>
  <tr><td><a href="/graphql">/graphql</a></td><td>The GraphQL playground in a browser; the API for programs (<code>POST</code>, with <code>Authorization: Bearer &lt;management token&gt;</code>).</td></tr>
  <tr><td><a href="/usage">/usage</a></td><td>Usage in a browser: calls over time by outcome, the top keys, refused attempts.</td></tr>
  <tr><td><code>/export/usage</code><br><code>/export/usage-events</code><br><code>/export/invalid-attempts</code><br><code>/export/keys</code></td><td>Counts, single calls, refused attempts and keys with their last use as CSV or NDJSON, for programs: <code>?tenantId=…&amp;from=…&amp;to=…&amp;format=csv</code>, with a management token as above. <a href="/usage">/usage</a> downloads them in a browser.</td></tr>
  <tr><td><a href="/sign-in">/sign-in</a></td><td>Where people sign in to these two with e-mail address and password.</td></tr>
  <tr><td><a href="/docs">/docs</a></td><td>The documentation of this version, with a page for every verdict and error code.</td></tr>
  <tr><td><code>/password</code></td><td>Where the links lead by which people set their passwords.</td></tr>
  <tr><td><a href="/oauth/jwks">/oauth/jwks</a></td><td>The public keys that verify this installation’s tokens.</td></tr>
  <tr><td><code>/metrics</code></td><td>For Prometheus: the server’s own numbers, with a management token that has <code>metrics:read</code>.</td></tr>
  <tr><td><a href="/healthz">/healthz</a></td><td>Whether the process answers.</td></tr>
  <tr><td><a href="/readyz">/readyz</a></td><td>Whether requests can be served.</td></tr>
</table>
<p>The playground and the usage page ask for a management token, or for you to sign in. The first token was printed when the server first started, or is the value of
<code>KEYPLANE_ROOT_TOKEN</code>.</p>
</body>
</html>
`;
}
