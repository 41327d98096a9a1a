// SPDX-License-Identifier: MIT
// The load generator, crowd.c: processes that hold many connections to one server.
import type { Options } from "../echo/rig/options.ts";
import { placed } from "../echo/rig/placing.ts";
import { type Child, startChild, within } from "../rig/child.ts";
import { compiled } from "../rig/paths.ts";

/** Name of the compiled generator. */
export const CROWD = "million-crowd";
/** Longer than the generator's own limit of a command. */
const LIMIT_S = 110;

/** Result of opening connections. */
export interface Opened {
  /** Connections per second, each accepted and served once. */
  rate: number;
  connections: number;
  failed: number;
}

/** Result of messages on connections chosen at random. */
export interface Active {
  /** Round trips per second. */
  rate: number;
  p50_us: number;
  p99_us: number;
  max_us: number;
  failed: number;
}

/** One process. */
class Generator {
  readonly #child: Child;
  #answers = 0;
  #answered: (line: string) => void = () => {};

  constructor(port: number, first: number, pin: Options["pin"]) {
    const command = [compiled(CROWD), String(port), String(first)];
    this.#child = startChild(placed("load", command, { pin, nice: 0 }), {}, true);
    this.#child.onOutput(() => {
      const lines = this.#child.output().split("\n").slice(0, -1);
      if (lines.length === this.#answers) this.#answered(lines[lines.length - 1]);
    });
  }

  /** Sends a command and returns its answer. */
  async ask<T extends { failed: number }>(command: string): Promise<T> {
    this.#answers++;
    const answered = new Promise<string>((resolve) => this.#answered = resolve);
    this.#child.write(`${command}\n`);
    const line = await within(LIMIT_S, Promise.race([answered, this.#child.ended]));
    if (typeof line !== "string" || !line.startsWith("{")) {
      throw new Error(`the generator failed (${line ?? "time is up"}): ${this.#child.errors()}`);
    }
    const answer: T = JSON.parse(line);
    if (answer.failed > 0) throw new Error(`${answer.failed} connections failed`);
    return answer;
  }

  async end(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.ended;
  }
}

/** All processes of one server's load. */
export class Crowd {
  readonly #generators: Generator[];

  /** `most` connections at most, `each` per process. */
  constructor(port: number, most: number, each: number, pin: Options["pin"]) {
    const count = Math.ceil(most / each);
    this.#generators = Array.from({ length: count }, (_, i) => new Generator(port, i * each, pin));
  }

  /** Opens connections until there are `total`. */
  async open(total: number): Promise<Opened> {
    const all = await this.#ask<Opened>((share) => `open ${share(total)}`);
    return {
      rate: sum(all, "rate"),
      connections: sum(all, "connections"),
      failed: sum(all, "failed"),
    };
  }

  /** Keeps `count` messages under way, each on a connection chosen at random. */
  async active(count: number, warmup: number, ms: number): Promise<Active> {
    const all = await this.#ask<Active>((share) => `active ${share(count)} ${warmup} ${ms}`);
    const worst = (name: "p50_us" | "p99_us" | "max_us") =>
      Math.max(...all.map((one) => one[name]));
    return {
      rate: sum(all, "rate"),
      p50_us: worst("p50_us"),
      p99_us: worst("p99_us"),
      max_us: worst("max_us"),
      failed: sum(all, "failed"),
    };
  }

  /** Ends the processes, which resets all connections. */
  async end(): Promise<void> {
    for (const generator of this.#generators) await generator.end();
  }

  /** Asks all at once; `share` is a process's part of a number. */
  #ask<T extends { failed: number }>(
    command: (share: (total: number) => number) => string,
  ): Promise<T[]> {
    const { length } = this.#generators;
    return Promise.all(
      this.#generators.map((generator, i) =>
        generator.ask<T>(command((total) => Math.floor((total + i) / length)))
      ),
    );
  }
}

function sum<K extends string>(all: Record<K, number>[], name: K): number {
  return all.reduce((total, one) => total + one[name], 0);
}
