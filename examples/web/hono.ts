// SPDX-License-Identifier: MIT
/** A server of Hono whose handlers use a pool of connections to Redis: see counter.ts. */
import process from "node:process";
import { Hono } from "hono";
import { closeAfter, visit } from "./counter.ts";
import { serveFetch } from "./serve_fetch.ts";

const app = new Hono();
app.onError((error, c) => {
  console.error(`${c.req.path}: ${error}`);
  return c.text("no counter\n", 502);
});
app.get("*", async (c) => c.text(`${await visit(c.req.path, c.req.raw.signal)}\n`));

closeAfter(serveFetch(app.fetch, Number(process.env.PORT ?? 8080)));
