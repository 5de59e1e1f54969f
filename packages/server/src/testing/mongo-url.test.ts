import { expect, test } from "vitest";
import { withDatabase } from "./mongo-url.js";

test.each([
  ["mongodb://127.0.0.1:27017", "mongodb://127.0.0.1:27017/own"],
  ["mongodb://127.0.0.1:27017/?directConnection=true", "mongodb://127.0.0.1:27017/own?directConnection=true"],
  ["mongodb://me:p%2Fw@a:1,b:2,c:3/other?replicaSet=rs0", "mongodb://me:p%2Fw@a:1,b:2,c:3/own?replicaSet=rs0"],
  ["mongodb://a,b?replicaSet=rs0", "mongodb://a,b/own?replicaSet=rs0"],
  ["mongodb+srv://cluster.example.com/admin", "mongodb+srv://cluster.example.com/own"],
])("a database on %s", (server, url) => {
  expect(withDatabase(server, "own")).toBe(url);
});

test("options are added to what is there", () => {
  expect(withDatabase("mongodb://a,b/?replicaSet=rs0", "own", { directConnection: "true" })).toBe(
    "mongodb://a,b/own?replicaSet=rs0&directConnection=true",
  );
  expect(() => withDatabase("http://a", "own")).toThrow("mongodb://");
});
