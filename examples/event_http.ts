// SPDX-License-Identifier: MIT
/** The server of http.ts by callbacks. HOST and PORT come from the environment. */
import process from "node:process";
import { run } from "../mod.ts";
import { serve } from "../event.ts";
import { httpEvents } from "./http/events.ts";
import { handle } from "./http/routes.ts";

const { HOST = "127.0.0.1", PORT = "8080" } = process.env;

await run(() =>
  serve({
    ...httpEvents(handle),
    serving: ({ addrs }) => console.log(`listening on ${addrs[0]}`),
  }, `tcp://${HOST}:${PORT}`)
);
