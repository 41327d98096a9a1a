// SPDX-License-Identifier: MIT
/** Messages as a worker sends and receives them. */
import type { Routine } from "../sched/goroutine.ts";
import { wrongArgument } from "../validate/argument.ts";
import type { ParentPort } from "../worker/parent_port.ts";
import type * as P from "../worker/protocol.ts";
import { Mailbox, type PostOptions } from "./mailbox.ts";
import { Requests } from "./requests.ts";

/** See the top of this file. */
export class WorkerMail {
  readonly box: Mailbox = new Mailbox();
  readonly #main: ParentPort;
  readonly #sent = new Requests();

  constructor(main: ParentPort) {
    this.#main = main;
  }

  /** See {@linkcode HandlerContext.post}. */
  *post(to: P.WorkerAddress, value: unknown, options: PostOptions = {}): Routine<void> {
    if (to !== "main" && !(Number.isInteger(to) && to >= 0)) {
      throw wrongArgument("post a message", "to", 'the number of a worker, or "main"', to);
    }
    const transfer = [...options.transfer ?? []];
    yield* this.#sent.ask((id) => this.#main.post({ type: "mail", id, to, value }, transfer));
  }

  /** A message has come. */
  deliver({ id, from, value }: P.ToWorker & { type: "mail" }): void {
    const queued = () => this.#main.post({ type: "reply", id, value: null, error: null });
    this.box.deliver({ from, value }, queued);
  }

  /** A message that was sent is queued, or cannot be. */
  mailed({ id, error }: P.ToWorker & { type: "mailed" }): void {
    this.#sent.answer(id, null, error);
  }
}
