// SPDX-License-Identifier: MIT
/**
 * One host of a cluster that elects a leader by datagrams, as Raft does (Ongaro and Ousterhout 2014,
 * 5.2). A message is a kind, a term and the sender's name; kinds are "vote", "yes" and "lead".
 */
import { OpError, type PacketConn, type Routine, type UDPAddr } from "../../mod.ts";

const HEARTBEAT_MS = 50;
/** Least time without a leader before an election, and its spread from host to host. */
const PATIENCE_MS = 150;

/** The newest term, and the candidate that has this host's vote in it. A host votes once in a term. */
interface Vote {
  readonly term: number;
  readonly candidate: string | null;
}

/** What survives a crash. */
export interface Disk {
  get(key: string): unknown;
  set(key: string, value: unknown): void;
}

/** What a member is given. */
export interface MemberOptions {
  readonly name: string;
  /** Addresses of all members, this one included. */
  readonly addresses: ReadonlyMap<string, UDPAddr>;
  readonly conn: PacketConn;
  readonly disk: Disk;
  /** Called when this member becomes the leader of a term. */
  readonly onElected: (term: number) => void;
}

/** See the top of this file. */
export class Member {
  /** The leader that this member follows, which may be itself. */
  leader: string | null = null;
  readonly #options: MemberOptions;
  readonly #voters = new Set<string>();
  /** When it does something by itself: an election, or, as leader, a heartbeat. */
  #due = 0;

  constructor(options: MemberOptions) {
    this.#options = options;
  }

  get #vote(): Vote {
    return this.#options.disk.get("vote") as Vote ?? { term: 0, candidate: null };
  }

  set #vote(vote: Vote) {
    this.#options.disk.set("vote", vote);
  }

  /** Takes part in the elections for ever. */
  *run(): Routine<never> {
    const { conn, name } = this.#options;
    const buf = new Uint8Array(64);
    this.#wait();
    for (;;) {
      conn.setReadDeadline(this.#due);
      try {
        const { n } = yield* conn.readFrom(buf);
        const [kind, term, from] = new TextDecoder().decode(buf.subarray(0, n)).split(" ");
        yield* this.#receive(kind, Number(term), from);
      } catch (error) {
        if (!(error instanceof OpError && error.timeout)) throw error;
        yield* this.leader === name ? this.#lead() : this.#campaign();
      }
    }
  }

  #wait(): void {
    this.#due = Date.now() + Math.floor(PATIENCE_MS * (1 + Math.random()));
  }

  *#lead(): Routine<void> {
    this.#due = Date.now() + HEARTBEAT_MS;
    yield* this.#broadcast("lead");
  }

  *#campaign(): Routine<void> {
    const { name } = this.#options;
    this.#vote = { term: this.#vote.term + 1, candidate: name };
    this.leader = null;
    this.#voters.clear();
    this.#voters.add(name);
    this.#wait();
    yield* this.#broadcast("vote");
  }

  *#receive(kind: string, term: number, from: string): Routine<void> {
    if (term > this.#vote.term) {
      this.#vote = { term, candidate: null };
      this.leader = null;
    }
    const { candidate } = this.#vote;
    if (term < this.#vote.term) return;
    if (kind === "lead") {
      this.leader = from;
      this.#wait();
    } else if (kind === "vote" && (candidate === null || candidate === from)) {
      this.#vote = { term, candidate: from };
      this.#wait();
      yield* this.#send(from, "yes");
    } else if (kind === "yes" && candidate === this.#options.name && this.leader === null) {
      yield* this.#voted(term, from);
    }
  }

  *#voted(term: number, voter: string): Routine<void> {
    const { name, addresses, onElected } = this.#options;
    this.#voters.add(voter);
    if (this.#voters.size <= addresses.size / 2) return;
    this.leader = name;
    onElected(term);
    yield* this.#lead();
  }

  *#broadcast(kind: string): Routine<void> {
    for (const name of this.#options.addresses.keys()) {
      if (name !== this.#options.name) yield* this.#send(name, kind);
    }
  }

  *#send(to: string, kind: string): Routine<void> {
    const { name, conn, addresses } = this.#options;
    const message = new TextEncoder().encode(`${kind} ${this.#vote.term} ${name}`);
    yield* conn.writeTo(message, addresses.get(to)!);
  }
}
