// SPDX-License-Identifier: MIT
/** Formats a snapshot as Prometheus text, version 0.0.4. */
import type { DebugSnapshot } from "./snapshot.ts";

/** Content type of {@linkcode prometheusText}. */
export const PROMETHEUS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

type Labels = Readonly<Record<string, string | number>>;

/** A metric with its samples. */
interface Metric {
  readonly name: string;
  readonly type: "counter" | "gauge";
  readonly help: string;
  readonly samples: readonly (readonly [labels: Labels, value: number])[];
}

/** Formats the metrics of a snapshot. */
export function prometheusText(snapshot: DebugSnapshot): string {
  return metricsOf(snapshot).filter(({ samples }) => samples.length > 0).map(textOf).join("");
}

function metricsOf(snapshot: DebugSnapshot): Metric[] {
  return [...ofThread(snapshot), ...ofLoop(snapshot), shedOf(snapshot), ...ofReactors(snapshot)];
}

function ofThread({ stats, states, process, timers }: DebugSnapshot): Metric[] {
  return [
    gauges(
      "goroutines",
      "Goroutines by state.",
      Object.entries(states).map(([state, count]) => [
        { state },
        count,
      ]),
    ),
    counter("goroutines_started_total", "Goroutines started.", stats.spawned),
    counter("switches_total", "Times that a goroutine started or resumed.", stats.switches),
    counter("polls_total", "System calls that polled for events.", stats.polls),
    counter("wakeups_total", "Goroutines woken by the poller.", stats.wakeUps),
    counter("again_total", "System calls that would have blocked.", stats.again),
    counter("read_bytes_total", "Bytes read from sockets.", stats.bytesRead),
    counter("written_bytes_total", "Bytes written to sockets.", stats.bytesWritten),
    gauge("descriptors", "Open descriptors.", stats.descriptors),
    gauge("waiters", "Pending waits for descriptors.", stats.waiters),
    gauge("timers", "Active timers.", timers.active),
    gauge("promises", "Pending waits for promises of the host.", stats.promises),
    gauge("resident_memory_bytes", "Memory of the process.", process.rss),
  ];
}

function ofLoop({ loop }: DebugSnapshot): Metric[] {
  const { mean, max } = loop.lateness;
  return [
    counter("host_turns_total", "Turns beside the host's event loop.", loop.turns),
    counter("host_sleeps_total", "Turns that ended in a sleep.", loop.sleeps),
    gauges("host_lateness_seconds", "How late the host's timers were in the last seconds.", [
      [{ stat: "mean" }, mean / 1000],
      [{ stat: "max" }, max / 1000],
    ]),
  ];
}

function shedOf({ shed }: DebugSnapshot): Metric {
  const samples = Object.entries(shed).flatMap(([action, counts]) =>
    Object.entries(counts).map(([limit, count]) => [{ limit, action }, count] as const)
  );
  const help = "Connections refused or closed, and stops of accepting, by limit.";
  return { name: "netpoll_shed_total", type: "counter", help, samples };
}

function ofReactors({ reactors }: DebugSnapshot): Metric[] {
  return [
    gauges(
      "reactor_connections",
      "Open connections of a worker.",
      reactors.flatMap(({ name, workers }) =>
        workers.map(({ id, connections }) => [{ reactor: name, worker: id }, connections] as const)
      ),
    ),
    {
      name: "netpoll_reactor_accepted_total",
      type: "counter",
      help: "Connections that a reactor has accepted.",
      samples: reactors.map(({ name, counters }) => [{ reactor: name }, counters.accepted]),
    },
  ];
}

function gauges(name: string, help: string, samples: Metric["samples"]): Metric {
  return { name: `netpoll_${name}`, type: "gauge", help, samples };
}

function gauge(name: string, help: string, value: number): Metric {
  return gauges(name, help, [[{}, value]]);
}

function counter(name: string, help: string, value: number): Metric {
  return { name: `netpoll_${name}`, type: "counter", help, samples: [[{}, value]] };
}

function textOf({ name, type, help, samples }: Metric): string {
  const lines = samples.map(([labels, value]) => `${name}${labelsText(labels)} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("")}`;
}

function labelsText(labels: Labels): string {
  const all = Object.entries(labels).map(([name, value]) => `${name}="${escaped(String(value))}"`);
  return all.length === 0 ? "" : `{${all.join(",")}}`;
}

function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
