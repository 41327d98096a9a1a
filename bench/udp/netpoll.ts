// SPDX-License-Identifier: MIT
// UDP echo by the library: `netpoll.ts PORT run|runSync|coalesce|event`. "coalesce" is "run" whose
// answers of a turn are sent together, as those of "event" are.
import process from "node:process";
import { serve } from "../../event.ts";
import { listenPacket, type Routine, run, runSync } from "../../mod.ts";

const [port, how] = process.argv.slice(2);
const address = `127.0.0.1:${port}`;

function* echo(): Routine<void> {
  using conn = yield* listenPacket("udp", address, { coalesce: how === "coalesce" });
  console.log("listening");
  const buffer = new Uint8Array(65535);
  for (;;) {
    const { n, addr } = yield* conn.readFrom(buffer);
    yield* conn.writeTo(buffer.subarray(0, n), addr);
  }
}

const events = () =>
  serve(
    { serving: () => console.log("listening"), data: (_conn, input) => input },
    `udp://${address}`,
  );
if (how === "runSync") runSync(echo);
else await run(how === "event" ? events : echo);
