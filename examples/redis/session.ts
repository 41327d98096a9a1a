// SPDX-License-Identifier: MIT
/** A client: its commands are done one after the other, and it may listen to channels. */
import { type Command, find } from "./commands.ts";
import { CommandReader, LONGEST_COMMAND, ProtocolError, type Replies } from "./protocol.ts";
import type { Listener, Store } from "./store.ts";

/** All clients of a thread take turns, and none of them keeps a command beyond its turn. */
const reader = new CommandReader();

/**
 * Bytes of replies after which those are sent first: a client may ask for one large value many times
 * in one piece.
 */
const ENOUGH_REPLIES = 1 << 20;

/** See the top of this file. */
export class Session implements Listener {
  readonly store: Store;
  readonly command: CommandReader = reader;
  /** Where replies go, for as long as `execute` lasts. */
  replies!: Replies;
  /** The client has said that it is done. */
  quit = false;
  /** Whether `execute` has stopped for the replies to be sent, and is to be called for the rest. */
  full = false;
  /** Whether the client has sent its last command, where a server needs to know. */
  ended = false;
  /** What it listens to. */
  readonly channels: Set<string> = new Set();
  readonly push: (message: Uint8Array) => void;

  /** `push` sends bytes to the client beside the replies. */
  constructor(store: Store, push: (message: Uint8Array) => void) {
    this.store = store;
    this.push = push;
  }

  /**
   * Executes the complete commands, and adds their replies to `replies`. Returns how many bytes they
   * took; what is left is to come again, with what comes next, and never more than LONGEST_COMMAND.
   * Sets `full` when the replies are to be sent before the rest is done, and `quit` when it is over.
   */
  execute(input: Uint8Array, replies: Replies): number {
    this.replies = replies;
    try {
      return this.#execute(input);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      replies.error(error.message);
      this.quit = true;
      return input.length;
    }
  }

  /** The client is gone. */
  close(): void {
    for (const channel of this.channels) this.store.unsubscribe(channel, this);
    this.channels.clear();
  }

  #execute(input: Uint8Array): number {
    let done = 0;
    this.full = false;
    while (done < input.length && !this.quit) {
      if (this.replies.length >= ENOUGH_REPLIES) {
        this.full = true;
        return done;
      }
      const next = reader.read(input, done);
      if (next === 0) break;
      if (reader.count > 0) this.#do();
      done = next;
    }
    if (input.length - done > LONGEST_COMMAND) throw new ProtocolError("too big a command");
    return done;
  }

  #do(): void {
    const command = find(reader);
    if (command === undefined) this.#unknown();
    else if (!fits(command, reader.count)) {
      this.replies.error(`ERR wrong number of arguments for '${command.name}' command`);
    } else if (this.channels.size > 0 && !command.whileListening) {
      this.replies.error(
        `ERR Can't execute '${command.name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / ` +
          `QUIT / RESET are allowed in this context`,
      );
    } else command.run(this);
  }

  #unknown(): void {
    const args = Array.from({ length: reader.count - 1 }, (_, i) => `'${reader.text(i + 1)}' `);
    const shown = args.join("").slice(0, 128);
    const name = reader.text(0).slice(0, 128);
    this.replies.error(`ERR unknown command '${name}', with args beginning with: ${shown}`);
  }
}

function fits({ arity }: Command, count: number): boolean {
  return arity >= 0 ? count === arity : count >= -arity;
}
