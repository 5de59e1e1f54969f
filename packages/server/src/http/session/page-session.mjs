/**
 * Who is signed in at a page of ours: whoever's token somebody has entered, or a person with a session of e-mail and password, which
 * renews itself. Both stay in this browser tab (sessionStorage) and go to this server only, in a header: no cookie that a page of
 * another site could make the browser send. A part of each page's script; plain JavaScript.
 */

const storedToken = "keyplane.token";
const storedSession = "keyplane.session";
/** So long before its end an access token is renewed, in milliseconds. */
const renewBeforeMs = 60_000;
const tokensSelection = "accessToken accessTokenExpiresAt refreshToken session { refreshedAt }";
const refreshQuery = `mutation ($input: RefreshSessionInput!) { refreshSession(input: $input) {
  __typename ... on RefreshSessionPayload { ${tokensSelection} } ... on Error { code message } } }`;

/** @param send how requests are sent: `fetch`, or what a page has put in its place. */
export function createPageSession(send) {
  let renewing = null;
  // Two tabs have one session when one is a copy of the other. A refresh token works once: the tab that uses it tells the next one.
  const channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel(storedSession);
  channel?.addEventListener("message", ({ data }) => {
    if (read()?.refreshToken === data.before) keep(data.kept);
  });

  function read() {
    const text = sessionStorage.getItem(storedSession);
    return text === null ? null : JSON.parse(text);
  }

  function keep({ accessToken, ...session }) {
    sessionStorage.setItem(storedToken, accessToken);
    sessionStorage.setItem(storedSession, JSON.stringify(session));
  }

  function forget() {
    sessionStorage.removeItem(storedToken);
    sessionStorage.removeItem(storedSession);
  }

  /** @returns the result of one mutation, and what to keep of its tokens. @throws Error in the server's words. */
  async function mutate(query, input, token) {
    const response = await send("/graphql", {
      method: "POST",
      headers: { "content-type": "application/json", ...(token ? { authorization: `Bearer ${token}` } : {}) },
      body: JSON.stringify({ query, variables: { input } }),
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
    });
    const { data, errors } = await response.json();
    if (!data) throw new Error(errors[0].message);
    const [result] = Object.values(data);
    const { accessToken, accessTokenExpiresAt, refreshToken, session } = result;
    if (!accessToken) return { result, kept: null };
    // How long it lives, not until when: this computer's clock may be wrong.
    const lifetimeMs = Date.parse(accessTokenExpiresAt) - Date.parse(session.refreshedAt);
    const renewAt = Date.now() + lifetimeMs - renewBeforeMs;
    return { result, kept: { accessToken, refreshToken, renewAt } };
  }

  async function renew() {
    const before = read();
    // Another tab was faster.
    if (!before || Date.now() < before.renewAt) return;
    const { result, kept } = await mutate(refreshQuery, { refreshToken: before.refreshToken });
    // Somebody has signed out or in meanwhile.
    if (read()?.refreshToken !== before.refreshToken) return;
    if (kept) {
      keep(kept);
      channel?.postMessage({ before: before.refreshToken, kept });
    } else if (result.code === "INVALID_CREDENTIALS") forget();
  }

  /** One tab after the other, where the browser can do that. */
  const inTurn = (work) => (navigator.locks ? navigator.locks.request(storedSession, work) : work());

  return {
    /** The token as it is kept; an empty text: nobody is signed in. */
    token: () => sessionStorage.getItem(storedToken) ?? "",
    /** Whether it is a person's session, which can be ended. */
    isSession: () => read() !== null,
    forget,

    /** The token to send now: renewed where it is about to end. @throws Error when the server does not answer. */
    async freshToken() {
      const session = read();
      if (session && Date.now() >= session.renewAt) {
        renewing ??= inTurn(renew).finally(() => {
          renewing = null;
        });
        await renewing;
      }
      return this.token();
    },

    /** Uses a token from now on that somebody has entered. */
    enter(token) {
      forget();
      sessionStorage.setItem(storedToken, token);
    },

    /** @returns null, or why the server refuses. @throws Error when it does not answer. */
    async signIn(input) {
      const query = `mutation ($input: SignInInput!) { signIn(input: $input) {
        __typename ... on SignInPayload { ${tokensSelection} } ... on Error { message } } }`;
      const { result, kept } = await mutate(query, input);
      if (!kept) return result.message;
      keep(kept);
      return null;
    },

    /** Forgets who is signed in, at once; and ends the session at the server, where it can be reached. */
    async signOut() {
      const session = read();
      let token = this.token();
      forget();
      if (!session) return;
      try {
        if (Date.now() >= session.renewAt) {
          const { kept } = await mutate(refreshQuery, { refreshToken: session.refreshToken });
          token = kept?.accessToken ?? "";
        }
        if (token) await mutate("mutation { signOut { __typename } }", undefined, token);
      } catch {
        // It ends by itself, when nobody renews it.
      }
    },
  };
}
