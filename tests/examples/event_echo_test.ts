// SPDX-License-Identifier: MIT
/** The echo of callbacks, as a program, against clients that are not ours. */
import { test } from "node:test";
import { checkEcho, serveExample } from "../support/echo_clients.ts";

test("examples/event_echo.ts echoes", async () => {
  await using served = await serveExample("examples/event_echo.ts");
  await checkEcho(served.port);
});
