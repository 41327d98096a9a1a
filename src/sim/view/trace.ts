// SPDX-License-Identifier: MIT
/**
 * A run of a simulation in Chrome's trace format: a host is a process, a goroutine a track of it, a
 * packet an arrow from the sender's kernel to the receiver's.
 */
import type { SimEvent } from "../../../platforms/sim/log.ts";
import {
  checkRun,
  failureOf,
  goroutineNames,
  lasts,
  lengthOf,
  type SimulationRun,
  wordsOf,
} from "./run.ts";

/** Track of a host's kernel, where packets leave and arrive. */
const KERNEL = 0;
/** Process of the network as a whole, which has the faults. */
const NETWORK = 0;
/** Length of what happens at one moment, in microseconds; shorter if something else follows. */
const MOMENT = 1;

type TraceItem = Record<string, unknown>;

/** What happens at one moment on a track. */
interface Moment {
  readonly pid: number;
  readonly tid: number;
  /** In microseconds. */
  readonly ts: number;
  readonly name: string;
  readonly args: SimEvent;
}

/**
 * Returns a run as JSON in Chrome's trace format, which https://ui.perfetto.dev opens. Each host is
 * a process, with a track for its kernel and one for each goroutine; packets are arrows between
 * kernels. Partitions, crashes, pauses and operations of a {@linkcode History} are spans; lost
 * packets and other faults are marks. The text is the same on every runtime. Never parks.
 *
 * @param run result of a simulation, or its {@linkcode SimulationError}; with the option `record`
 * it has all events, otherwise the last few
 * @throws {TypeError} if `run` is neither
 * @example
 * ```ts
 * writeFileSync("run.json", traceRun(simulateSync({ seed: 7, record: true }, main)));
 * ```
 */
export function traceRun(run: SimulationRun): string {
  checkRun("trace a run", run);
  return JSON.stringify({
    traceEvents: new RunTrace(run).items(),
    displayTimeUnit: "ns",
    otherData: { seed: run.seed, hash: run.hash, failure: failureOf(run) },
  });
}

/** The items of one run. */
class RunTrace {
  readonly #run: SimulationRun;
  readonly #items: TraceItem[] = [];
  readonly #moments: Moment[] = [];
  /** Sent packets by number. */
  readonly #sent = new Map<number, SimEvent>();
  /** Open spans: the number of each, by what ends it. */
  readonly #open = new Map<string, TraceItem>();
  #arrows = 0;
  #spans = 0;

  constructor(run: SimulationRun) {
    this.#run = run;
  }

  items(): TraceItem[] {
    const { events } = this.#run;
    this.#names();
    events.forEach((event, i) => {
      if (event.kind === "turn") this.#turn(event, events, i);
      else this.#other(event);
    });
    this.#endSpans();
    this.#drawMoments();
    return this.#items;
  }

  #names(): void {
    const { hosts, events } = this.#run;
    const names = goroutineNames(events);
    const tracks = new Set<string>();
    this.#name(NETWORK, undefined, "network");
    hosts.forEach((host) => {
      this.#name(this.#pid(host), undefined, host);
      this.#name(this.#pid(host), KERNEL, "kernel");
    });
    for (const { host, goroutine } of events) {
      const track = `${host} ${goroutine}`;
      if (goroutine === 0 || host === "" || tracks.has(track)) continue;
      tracks.add(track);
      const name = names.get(goroutine);
      this.#name(
        this.#pid(host),
        goroutine,
        `goroutine ${goroutine}${name === undefined ? "" : `: ${name}`}`,
      );
    }
  }

  #name(pid: number, tid: number | undefined, name: string): void {
    const kind = tid === undefined ? "process" : "thread";
    this.#items.push({ ph: "M", pid, tid, name: `${kind}_name`, args: { name } });
    const sort = tid ?? pid;
    this.#items.push({
      ph: "M",
      pid,
      tid,
      name: `${kind}_sort_index`,
      args: { sort_index: sort },
    });
  }

  #pid(host: string): number {
    return host === "" ? NETWORK : this.#run.hosts.indexOf(host) + 1;
  }

  /** A turn lasts until the last event of its goroutine before the next turn. */
  #turn(event: SimEvent, events: readonly SimEvent[], at: number): void {
    let end = event.time;
    for (let i = at + 1; i < events.length && events[i].kind !== "turn"; i++) {
      if (events[i].goroutine === event.goroutine) end = events[i].time;
    }
    const { host, goroutine, text, time } = event;
    this.#items.push({
      ph: "X",
      pid: this.#pid(host),
      tid: goroutine,
      ts: micros(time),
      dur: Math.max(MOMENT, micros(end) - micros(time)),
      name: text,
      cat: "turn",
    });
  }

  #other(event: SimEvent): void {
    switch (event.kind) {
      case "send":
        this.#sent.set(event.packet!, event);
        return this.#moment(event);
      case "deliver":
        this.#arrow(event);
        return this.#moment(event);
      case "operation":
        return this.#operation(event);
      case "host":
        return this.#hostEvent(event);
      case "fault":
        return this.#fault(event);
      default:
        return this.#mark(event);
    }
  }

  #moment(event: SimEvent): void {
    const name = `${event.kind} ${event.text}`;
    const pid = this.#pid(event.host);
    this.#moments.push({ pid, tid: KERNEL, ts: micros(event.time), name, args: event });
  }

  /** A packet that is doubled has two arrows. */
  #arrow(event: SimEvent): void {
    const sent = this.#sent.get(event.packet!);
    if (sent === undefined) return;
    const both = { id: ++this.#arrows, name: "packet", cat: "packet", tid: KERNEL };
    this.#items.push({ ph: "s", ...both, pid: this.#pid(sent.host), ts: micros(sent.time) });
    this.#items.push({
      ph: "f",
      bp: "e",
      ...both,
      pid: this.#pid(event.host),
      ts: micros(event.time),
    });
  }

  #mark(event: SimEvent): void {
    this.#items.push({
      ph: "i",
      s: event.host === "" ? "g" : "t",
      pid: this.#pid(event.host),
      tid: event.kind === "drop" ? KERNEL : event.goroutine,
      ts: micros(event.time),
      name: wordsOf(event),
      cat: event.kind,
    });
  }

  #fault(event: SimEvent): void {
    const { text } = event;
    if (text.startsWith("heal ")) return this.#end(text.slice("heal ".length), event.time);
    if (lasts(event)) return this.#begin(text, event, text, "fault");
    this.#mark(event);
  }

  #hostEvent(event: SimEvent): void {
    const { host, text, time } = event;
    if (text === "crashed") {
      this.#end(`paused ${host}`, time);
      return this.#begin(`down ${host}`, event, "down", "host");
    }
    if (text === "paused") return this.#begin(`paused ${host}`, event, "paused", "host");
    this.#end(`${text === "started" ? "down" : "paused"} ${host}`, time);
  }

  #operation(event: SimEvent): void {
    const { operation, text, time } = event;
    const key = `operation ${operation}`;
    if (text.startsWith("invoke ")) this.#begin(key, event, text.slice(7), "operation");
    else this.#end(key, time, text);
  }

  #begin(key: string, event: SimEvent, name: string, cat: string): void {
    const pid = this.#pid(event.host);
    const span = { pid, tid: KERNEL, id: ++this.#spans, cat, name };
    this.#open.set(key, span);
    this.#items.push({ ph: "b", ...span, ts: micros(event.time) });
  }

  #end(key: string, time: number, result?: string): void {
    const span = this.#open.get(key);
    if (span === undefined) return;
    this.#open.delete(key);
    const args = result === undefined ? undefined : { result };
    this.#items.push({ ph: "e", ...span, ts: micros(time), args });
  }

  #endSpans(): void {
    for (const key of [...this.#open.keys()]) this.#end(key, lengthOf(this.#run));
  }

  /** A moment is so long that it does not overlap with the next one on its track. */
  #drawMoments(): void {
    const next = new Map<string, { readonly ts: number; readonly dur: number }>();
    for (const { pid, tid, ts, name, args } of this.#moments.reverse()) {
      const track = `${pid} ${tid}`;
      const later = next.get(track);
      const dur = later === undefined
        ? MOMENT
        : later.ts === ts
        ? later.dur
        : Math.min(MOMENT, later.ts - ts);
      next.set(track, { ts, dur });
      this.#items.push({ ph: "X", pid, tid, ts, dur, name, cat: "packet", args });
    }
  }
}

/** The format counts in microseconds; nanoseconds are the finest. */
function micros(ms: number): number {
  return Math.round(ms * 1e6) / 1000;
}
