// SPDX-License-Identifier: MIT
/** The echo servers over the raw poller, as programs. */
import { test } from "node:test";
import { checkEcho, serveExample } from "../support/echo_clients.ts";

for (const trigger of ["edge", "level"]) {
  test(`examples/poll_${trigger}.ts echoes`, async () => {
    await using served = await serveExample(`examples/poll_${trigger}.ts`);
    await checkEcho(served.port);
  });
}
