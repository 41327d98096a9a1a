// SPDX-License-Identifier: MIT
/** Names of calls in errors and reports. */

/** Name of a call, "conn.write"; on the prototype of the calls that it is the name of. */
export const CALL: unique symbol = Symbol("netpoll.call");
