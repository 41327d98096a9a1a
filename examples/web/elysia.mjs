// SPDX-License-Identifier: MIT
/**
 * A server of Elysia whose handlers use a pool of connections to Redis: see counter.ts. JavaScript,
 * for the types of Elysia do not pass a strict check of TypeScript 7.
 */
import process from "node:process";
import { Elysia } from "elysia";
import { closeAfter, visit } from "./counter.ts";
import { serveFetch } from "./serve_fetch.ts";

const app = new Elysia({ aot: false })
  .onError(({ error, path, set }) => {
    console.error(`${path}: ${error}`);
    set.status = 502;
    return "no counter\n";
  })
  .get("*", async ({ path, request }) => `${await visit(path, request.signal)}\n`);

closeAfter(serveFetch(app.fetch, Number(process.env.PORT ?? 8080)));
