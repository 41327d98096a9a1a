// SPDX-License-Identifier: MIT
/**
 * Five hosts elect a leader (member.ts) while they crash and their network falls apart. No term may have
 * two leaders, and when the faults are over, all must follow one. A host that forgets its vote in a crash
 * votes twice: without a disk some seed has two leaders in a term.
 *
 *   bun examples/sim/election.ts
 */
import { listenPacket, type Routine, sleep, UDPAddr } from "../../mod.ts";
import { always, simulateSync, type Simulation, SimulationError } from "../../sim.ts";
import { type Disk, Member } from "./member.ts";

const PORT = 7;
const STORM_MS = 20_000;
/** Time to agree on a leader once the network is whole. */
const RECOVERY_MS = 10_000;
const NAMES = ["a", "b", "c", "d", "e"];

/** The leaders of the terms, which no host can see: the history that is checked. */
class History {
  readonly #leaders = new Map<number, string>();

  /** Number of terms that had a leader. */
  get terms(): number {
    return this.#leaders.size;
  }

  elected(term: number, name: string): void {
    const other = this.#leaders.get(term) ?? name;
    always(other === name, "a term has one leader", { term, leaders: [other, name] });
    this.#leaders.set(term, name);
  }
}

/** Cuts the hosts apart, and crashes some of them meanwhile. */
function* nemesis(sim: Simulation): Routine<void> {
  const stream = sim.stream("nemesis");
  const shapes = [() => sim.halves(), () => sim.bridge(), () => sim.majoritiesRing()];
  while (sim.now < STORM_MS) {
    const cut = shapes[stream.choose(shapes.length)]();
    for (let crashes = stream.choose(6); crashes > 0; crashes--) {
      yield* sleep(stream.between(1, 200));
      const victim = sim.hosts[stream.choose(NAMES.length)];
      victim.crash();
      yield* sleep(stream.between(1, 50));
      victim.restart();
    }
    yield* sleep(stream.between(1, 500));
    cut.heal();
    yield* sleep(stream.between(1, 500));
  }
}

/** Adds the hosts. Returns their members, by the hosts' names. */
function cluster(sim: Simulation, history: History, durable: boolean): Map<string, Member> {
  const members = new Map<string, Member>();
  const addresses = new Map(NAMES.map((name, i) => [name, new UDPAddr(`10.0.0.${i + 1}`, PORT)]));
  for (const [name, { ip }] of addresses) {
    sim.host(name, {
      ip,
      *main(host) {
        using conn = yield* listenPacket("udp4", `0.0.0.0:${PORT}`);
        const disk: Disk = durable ? host.kept : new Map();
        const onElected = (term: number) => history.elected(term, name);
        const member = new Member({ name, addresses, conn, disk, onElected });
        members.set(name, member);
        yield* member.run();
      },
    });
  }
  sim.link(sim.hosts, sim.hosts, { latency: [1, 20], loss: 0.02, duplicate: 0.02 });
  return members;
}

/** Returns a simulation, whose result is the number of terms that had a leader. */
export function election(durable: boolean): (sim: Simulation) => Routine<number> {
  return function* (sim) {
    const history = new History();
    const members = cluster(sim, history, durable);
    yield* nemesis(sim);
    sim.quiet();
    const end = sim.now + RECOVERY_MS;
    for (;;) {
      const leaders = new Set([...members.values()].map(({ leader }) => leader));
      if (leaders.size === 1 && !leaders.has(null)) return history.terms;
      if (sim.now > end) throw new Error(`no leader ${RECOVERY_MS} ms after the faults`);
      yield* sleep(10);
    }
  };
}

/** Returns the error of the first of `runs` seeds that fails, or null. */
export function firstFailure(durable: boolean, runs: number): SimulationError | null {
  for (let seed = 1; seed <= runs; seed++) {
    try {
      simulateSync({ seed }, election(durable));
    } catch (error) {
      if (error instanceof SimulationError) return error;
      throw error;
    }
  }
  return null;
}

if (import.meta.main) {
  for (const durable of [true, false]) {
    const error = firstFailure(durable, 200);
    console.log(durable ? "with a disk:" : "without:", error?.message ?? "200 runs, none fails");
  }
}
