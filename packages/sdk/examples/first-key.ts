import { Keyplane, unwrap } from "@keyplane/sdk";

const { KEYPLANE_URL: url = "http://127.0.0.1:4000", KEYPLANE_TOKEN: token = "", KEY: key = "" } = process.env;
const keyplane = new Keyplane({ url, token });

const verdict = await keyplane.keys.verify({ key, scopes: ["orders:read"] });
console.log(verdict.code, verdict.owner?.name);

const pasted = await keyplane.keys.verify({ key: `Bearer ${key}` });
console.log(pasted.code, pasted.hint);

if (verdict.key) unwrap(await keyplane.keys.revoke({ id: verdict.key.id, reason: "trying out" }));
const refused = await keyplane.keys.verify({ key });
console.log(refused.code, refused.message);
