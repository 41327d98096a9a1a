// SPDX-License-Identifier: MIT
/**
 * Queries all servers for one name: which server is next, and whether an answer is final. Go:
 * net/dnsclient_unix.go, tryOneName.
 */
import type { Routine } from "../sched/goroutine.ts";
import { type AskingServers, askServer } from "./ask_server.ts";
import { Failure } from "./failure.ts";
import { FormatError, RCODE, type Response } from "./message.ts";

/** A final answer with its server. */
export interface Answered {
  readonly response: Response;
  readonly server: string;
}

/** Order and number of rounds through the servers. */
export interface Rounds {
  readonly servers: readonly string[];
  /** Index of the first server. */
  readonly offset: number;
  readonly attempts: number;
}

/** Called with the result of the type at index `i`, once for each, as soon as it is final. */
export type OnAnswer = (i: number, answer: Answered | Failure) => void;

/**
 * Queries one server after the other for all `types` of `name`, until each has a final answer:
 * records, or that there are none. A type without an answer does not affect the others; its result
 * is the failure of the last server. Parks.
 */
export function* askServers(
  name: string,
  types: readonly number[],
  how: AskingServers & Rounds,
  onAnswer: OnAnswer,
): Routine<void> {
  const { servers, offset, attempts } = how;
  const most = attempts * servers.length;
  let pending = types.map((_, i) => i);
  for (let round = 0; round < most && pending.length > 0; round++) {
    const server = servers[(offset + round) % servers.length];
    const asked = pending;
    const failed: number[] = [];
    const last = round === most - 1;
    yield* askServer(name, asked.map((i) => types[i]), server, how, (k, reply) => {
      const failure = failureOf(reply, server);
      if (failure === null) onAnswer(asked[k], { response: reply as Response, server });
      else if (last) onAnswer(asked[k], failure);
      else failed.push(asked[k]);
    });
    pending = failed;
  }
}

/** Node's codes of responses that another server may improve on. */
const CODES: Readonly<Record<number, string>> = {
  1: "EFORMERR",
  2: "ESERVFAIL",
  4: "ENOTIMP",
  5: "EREFUSED",
};

/** Returns why a reply is not final; null if it is. */
function failureOf(reply: Response | Error, server: string): Failure | null {
  const fail = (err: string, code: string, cause?: Error) => new Failure(err, code, server, cause);
  if (reply instanceof FormatError) {
    return fail("cannot unmarshal DNS message", "EBADRESP", reply);
  }
  if (reply instanceof Error) {
    const { timeout, code } = reply as { timeout?: boolean; code?: string };
    return timeout === true
      ? fail("i/o timeout", "ETIMEOUT", reply)
      : fail(reply.message, code ?? "", reply);
  }
  const { rcode, authoritative, recursionAvailable } = reply.header;
  if (rcode === RCODE.NXDOMAIN) return null;
  if (rcode !== RCODE.NOERROR) return fail("server misbehaving", CODES[rcode] ?? "EBADRESP");
  // A lame delegation: neither authoritative nor recursive, it only refers to other servers.
  const lame = !authoritative && !recursionAvailable && reply.answers.length === 0;
  return lame ? fail("lame referral", "EBADRESP") : null;
}
