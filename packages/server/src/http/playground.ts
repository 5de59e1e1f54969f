import { renderGraphiQL } from "@graphql-yoga/render-graphiql";
import { playgroundExamples } from "./playground-examples.js";
import { pageSessionScript } from "./session/page-session.js";

/**
 * GraphiQL in one page without remote parts, with our examples in its tabs and above it a field for a token, or the way to sign in.
 * Either stays in this browser tab (sessionStorage) and is sent to this server only.
 */
export async function playgroundHtml(): Promise<string> {
  const session = `<script>${await pageSessionScript()}</script>`;
  const html = renderGraphiQL({
    title: "Keyplane playground",
    endpoint: "/graphql",
    defaultTabs: playgroundExamples.map((query) => ({ query })),
    shouldPersistHeaders: false,
  });
  return html
    .replace("YogaGraphiQL.renderYogaGraphiQL(", "startGraphiql(")
    .replace("</style>", () => `${tokenBarStyle}</style>`)
    .replace('<div id="root"></div>', () => `${session}${tokenBar}<div id="root"></div>`);
}

const tokenBarStyle = `
  body { display: flex; flex-direction: column; height: 100vh; margin: 0; }
  #root { flex: 1; min-height: 0; }
  #root .graphiql-container { height: 100%; width: 100%; }
  /* The bar says where one is; the tabs need the room. */
  #root .graphiql-logo { display: none; }
  #token-bar { display: flex; gap: .75rem; align-items: center; padding: .5rem 1rem; font: 14px system-ui, sans-serif;
    background: #1f2937; color: #f9fafb; }
  #token-bar input { flex: 1; max-width: 34rem; padding: .35rem .5rem; border: 1px solid #6b7280; border-radius: 4px;
    font: 13px ui-monospace, monospace; background: #111827; color: inherit; }
  #token-bar button { padding: .35rem .8rem; border: 0; border-radius: 4px; background: #2563eb; color: white; cursor: pointer; }
  #token-bar a { color: inherit; font-weight: 600; }
  #token-state.wrong { color: #fca5a5; }
`;

// Before GraphiQL's own script: its first request already carries the token.
const tokenBar = `
<form id="token-bar">
  <a href="/">Keyplane</a>
  <label for="token">Management token</label>
  <input id="token" type="password" autocomplete="off" spellcheck="false" placeholder="keyplane_live_…, printed at the first start">
  <button type="submit">Use this token</button>
  <a id="sign-in" href="/sign-in#/graphql">Sign in with e-mail</a>
  <button type="button" id="sign-out" hidden>Sign out</button>
  <span id="token-state" role="status"></span>
</form>
<script>
  (function () {
    var input = document.getElementById("token");
    var state = document.getElementById("token-state");
    var originalFetch = window.fetch;
    var session = createPageSession(function (resource, options) { return originalFetch.call(window, resource, options); });
    // An access token is nothing that somebody has entered.
    input.value = session.isSession() ? "" : session.token();
    document.getElementById("sign-in").hidden = session.isSession();
    document.getElementById("sign-out").hidden = !session.token();

    // GraphiQL writes every query into the address, where a key that somebody pastes would stay in the browser's history,
    // and which asks for an answer instead of this page when it is opened again.
    history.replaceState = function () {};

    // GraphiQL opens an empty tab beside the kept ones unless it finds what the shown one holds.
    function showKeptTab() {
      var kept = JSON.parse(localStorage.getItem("graphiql:tabState") || "null");
      var tab = kept && kept.tabs && kept.tabs[kept.activeTabIndex];
      if (!tab) return;
      localStorage.setItem("graphiql:query", tab.query || "");
      localStorage.setItem("graphiql:variables", tab.variables || "");
    }
    try {
      showKeptTab();
    } catch (error) {
      console.warn("The kept tabs cannot be read.", error);
    }

    window.fetch = async function (resource, options) {
      var url = new URL(typeof resource === "string" ? resource : resource.url || String(resource), location.href);
      if (url.origin === location.origin) {
        var headers = new Headers((options && options.headers) || {});
        if (!headers.has("authorization")) {
          var token = await session.freshToken();
          // The server could only refuse it, with words for programs.
          if (!token) return Response.json({ errors: [{ message: "Enter a management token at the top first, or sign in." }] });
          headers.set("authorization", "Bearer " + token);
        }
        options = Object.assign({}, options, { headers: headers });
      }
      return originalFetch.call(window, resource, options);
    };

    window.startGraphiql = function (element, options) {
      // Without a token there is no schema to read: null keeps GraphiQL from asking for one. The page starts again with the token.
      if (!session.token()) options.schema = null;
      YogaGraphiQL.renderYogaGraphiQL(element, options);
    };

    function say(text, isWrong) {
      state.textContent = text;
      state.className = isWrong ? "wrong" : "";
    }

    function check() {
      if (!session.token()) return say("Enter a token to begin, or sign in.");
      window.fetch("/graphql", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ query: "{ viewer { name role } }" }),
      })
        .then(function (response) { return response.json(); })
        .then(function (answer) {
          var viewer = answer.data && answer.data.viewer;
          if (viewer) say("Signed in as " + viewer.name + " (" + viewer.role + ")");
          else say(answer.errors[0].message, true);
        })
        .catch(function () { say("The server does not answer.", true); });
    }

    document.getElementById("token-bar").addEventListener("submit", function (event) {
      event.preventDefault();
      session.enter(input.value.trim());
      // GraphiQL reads the schema when it starts, so it starts again with the token.
      location.reload();
    });
    document.getElementById("sign-out").addEventListener("click", function () {
      session.signOut().finally(function () { location.reload(); });
    });
    check();
  })();
</script>
`;
