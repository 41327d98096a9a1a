// SPDX-License-Identifier: MIT
/** A table of events for the tests of reactors: echoes, but for bytes that are orders. */
import { go, sleep } from "../../../mod.ts";
import type { Events } from "../../../event.ts";

/** The table. */
export const handle: Events = {
  data(conn, input) {
    switch (new TextDecoder().decode(input)) {
      case "who":
        return new TextEncoder().encode(`events ${conn.remoteAddr}`);
      case "close":
        return "close";
      case "throw":
        throw new RangeError("thrown by the table");
      case "shutdown":
        return "shutdown";
      case "detach":
        return "detach";
    }
    return input;
  },
  detached(_conn, stream) {
    go(function* () {
      yield* sleep(200);
      yield* stream.write(new TextEncoder().encode("from a goroutine"));
      stream.close();
    });
  },
};

/** Detaches, and keeps what it has detached. */
export const keeps: Events = {
  opened: () => "detach",
  detached(_conn, stream) {
    go(function* () {
      yield* stream.read(new Uint8Array(1));
    });
  },
};

/** Closes at once. */
export const rude: Events = {
  opened: () => "close",
};

/** Cannot serve. */
export const broken: Events = {
  serving() {
    throw new RangeError("thrown by serving");
  },
};
