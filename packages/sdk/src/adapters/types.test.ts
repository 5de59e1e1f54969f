import type { Request as Request5, RequestHandler as RequestHandler5 } from "express";
import express5 from "express";
import type { Request as Request4, RequestHandler as RequestHandler4 } from "express4";
import type { FastifyRequest } from "fastify";
import { type Context, Hono } from "hono";
import { describe, expectTypeOf, test } from "vitest";
import { FakeGuard } from "../test-helpers/fake-guard.js";
import { keyplane, type ValidVerdict, verdictOf } from "./express.js";
import type { FastifyKeyplaneOptions } from "./fastify.js";
import { withKey } from "./fetch.js";
import { keyplane as keyplaneHono } from "./hono.js";

const guard = new FakeGuard();

describe("the type of a verdict", () => {
  test("knows that there is a key and an owner", () => {
    expectTypeOf<ValidVerdict["valid"]>().toEqualTypeOf<true>();
    expectTypeOf<ValidVerdict["key"]["id"]>().toEqualTypeOf<string>();
    expectTypeOf<ValidVerdict["owner"]["email"]>().toEqualTypeOf<string>();
  });

  test("is on the request of Express 4 and 5, where the adapter may not have been", () => {
    expectTypeOf<Request5["keyplane"]>().toEqualTypeOf<ValidVerdict | undefined>();
    expectTypeOf<Request4["keyplane"]>().toEqualTypeOf<ValidVerdict | undefined>();
    expectTypeOf(verdictOf).returns.toEqualTypeOf<ValidVerdict>();
  });

  test("is on the request of Fastify, and in the context of Hono", () => {
    expectTypeOf<FastifyRequest["keyplane"]>().toEqualTypeOf<ValidVerdict | null>();
    new Hono().use(keyplaneHono(guard)).get("/", (context) => {
      expectTypeOf(context.get("keyplane")).toEqualTypeOf<ValidVerdict>();
      expectTypeOf(context.var.keyplane).toEqualTypeOf<ValidVerdict>();
      return context.text("");
    });
  });

  test("comes to a handler with all that the platform hands it", () => {
    interface Env {
      readonly database: string;
    }
    const handler = withKey(guard, {}, (request: Request, { verdict }, env: Env) => {
      expectTypeOf(verdict).toEqualTypeOf<ValidVerdict>();
      return new Response(request.url + env.database);
    });
    expectTypeOf(handler).parameters.toEqualTypeOf<[Request, Env]>();
    // From where the types are named first, the others have them.
    const addressed = { clientAddress: (_: Request, address: string) => address };
    withKey(guard, addressed, (_, __, address) => {
      expectTypeOf(address).toEqualTypeOf<string>();
      return new Response(address);
    });
    // As the App Router of Next.js checks an exported handler.
    const get = withKey(
      guard,
      { scopes: ["a"] },
      async (_: Request, __, { params }: { params: Promise<{ id: string }> }) => Response.json(await params),
    );
    expectTypeOf(get).toExtend<(request: Request, context: { params: Promise<{ id: string }> }) => Promise<Response>>();
  });
});

describe("the adapter for Express", () => {
  test("is a handler of Express 4 and 5, and its functions get their request", () => {
    expectTypeOf(keyplane(guard)).toExtend<RequestHandler5>();
    expectTypeOf(keyplane(guard)).toExtend<RequestHandler4>();
    express5().use(keyplane(guard, { scopes: (request: Request5) => [`orders:${request.method}`] }));
    express5().get("/:id", keyplane(guard, { scopes: (request: Request5) => [String(request.params["id"])] }));
  });
});

test("functions among the options get the framework's own arguments", () => {
  type ScopesOf<Options extends { scopes?: unknown }> = Extract<Options["scopes"], (...args: never[]) => unknown>;
  expectTypeOf<Parameters<ScopesOf<FastifyKeyplaneOptions>>>().toEqualTypeOf<[request: FastifyRequest]>();
  keyplaneHono(guard, {
    clientAddress: (context) => {
      expectTypeOf(context).toEqualTypeOf<Context>();
      return undefined;
    },
  });
});
