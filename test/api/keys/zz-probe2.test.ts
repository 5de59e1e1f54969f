import { test } from "../../testkit/index.js";
import { sendGraphql } from "../../testkit/graphql.js";
test("probe", async ({ world }) => {
  const a = await sendGraphql(world.url, world.root.token, `{keys(first:0){nodes{name}}}`);
  console.log(a.status, a.text);
  const g = await world.caller("GUEST");
  const b = await sendGraphql(world.url, g.token, `{keys(first:1){nodes{name}}}`);
  console.log(b.status, b.text);
  const c = await sendGraphql(world.url, world.root.token, `mutation($i:CreateKeyInput!){createKey(input:$i){__typename}}`, {i:{tenantId:"x",ownerId:"x",name:"x",allowedIps:[null]}});
  console.log(c.status, c.text);
  const d = await sendGraphql(world.url, world.root.token, `mutation($i:CreateKeyInput!){createKey(input:$i){__typename}}`, {i:{tenantId:"x",ownerId:"x",name:"x",expiresAt: "x"}});
  console.log(d.status, d.text);
  const e = await sendGraphql(world.url, world.root.token, `mutation($i:CreateKeyInput!){createKey(input:$i){__typename}}`, {i:{tenantId:"x",ownerId:"x"}});
  console.log(e.status, e.text);
});
