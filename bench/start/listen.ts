// SPDX-License-Identifier: MIT
// One start: imports a module and listens once; prints time in milliseconds and memory as JSON.
// Arguments: "host", "none", or the URL of the library's module.
import process from "node:process";

declare const Deno: { listen(options: object): { close(): void } } | undefined;

const which = process.argv[2];
const began = performance.now();
if (which === "host") {
  if (typeof Deno === "object") Deno.listen({ hostname: "127.0.0.1", port: 0 }).close();
  else Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } }).stop();
} else if (which !== "none") {
  const { listen, run }: typeof import("../../mod.ts") = await import(which);
  await run(function* () {
    using _listener = yield* listen("tcp", "127.0.0.1:0");
  });
}
const ms = performance.now() - began;
console.log(JSON.stringify({ ms, bytes: process.memoryUsage.rss() }));
