// SPDX-License-Identifier: MIT
/** A table of events for the tests of reactors: echoes, but for bytes that are orders. */
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
    }
    return input;
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
