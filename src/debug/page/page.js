// SPDX-License-Identifier: MIT
/**
 * The live page in the browser. It has no dependency, makes every element by the DOM, and asks the
 * path that it was loaded from for JSON, once a second.
 */
"use strict";

const PERIOD_MS = 1000;
/** Samples of a plot: two minutes. */
const SAMPLES = 120;
const HEIGHT = 40;
const SVG = "http://www.w3.org/2000/svg";

const byId = (id) => document.getElementById(id);

/** Units of times and bytes, the smallest first. */
const TIMES = [["ms", 1000], ["s", 60], ["min", 60], ["h", 24], ["d", Infinity]];
const BYTES = [["B", 1024], ["KiB", 1024], ["MiB", 1024], ["GiB", 1024], ["TiB", Infinity]];

function inUnits(value, units) {
  if (value === null) return "–";
  let rest = value;
  for (const [unit, size] of units) {
    if (rest < size) {
      return `${rest < 10 && unit !== units[0][0] ? rest.toFixed(1) : Math.round(rest)} ${unit}`;
    }
    rest /= size;
  }
}

const time = (ms) => inUnits(ms, TIMES);
const bytes = (n) => inUnits(n, BYTES);
const count = (n) => Math.round(n).toLocaleString("en");

/** The plots: the name, the value of a snapshot and the one before, and how it is written. */
const PLOTS = [
  ["read a second", (_, rate) => rate((s) => s.stats.bytesRead), bytes],
  ["written a second", (_, rate) => rate((s) => s.stats.bytesWritten), bytes],
  ["switches a second", (_, rate) => rate((s) => s.stats.switches), count],
  ["polls a second", (_, rate) => rate((s) => s.stats.polls), count],
  ["goroutines", (now) => now.stats.goroutines, count],
  ["descriptors", (now) => now.stats.descriptors, count],
  ["goroutines started a second", (_, rate) => rate((s) => s.stats.spawned), count],
  ["host's loop late by (max)", (now) => now.loop.lateness.max, (ms) => `${ms.toFixed(1)} ms`],
].map(([name, value, text]) => ({ name, value, text, samples: [] }));

const COLUMNS = {
  groups: [["count", "count", count], ["function", "name"], ["state", "state"], [
    "longest",
    "longest",
    time,
  ], ["started at", "place"]],
  goroutines: [
    ["id", "id", String],
    ["function", "name"],
    ["state", "state"],
    ["waits for", "on"],
    ["waited", "waited", time],
    ["started at", "place"],
  ],
  connections: [
    ["fd", "fd", String],
    ["network", "network"],
    ["local", "local"],
    ["peer", "remote"],
    ["received", "received", bytes],
    ["sent", "sent", bytes],
    ["age", "age", time],
    ["idle", "idle", time],
    ["read deadline", "readDeadline", time],
    ["write deadline", "writeDeadline", time],
    ["", "text"],
  ],
  waits: [["waiters", "count", count], ["why", "reason"], ["for", "on"], [
    "longest",
    "longest",
    time,
  ]],
  shed: [["limit", "limit"], ["what happened", "action"], ["times", "count", count]],
  reactors: [["reactor", "name"], ["worker", "id", String], ["state", "state"], [
    "connections",
    "connections",
    count,
  ], ["share", "share", (part) => `${Math.round(part * 100)} %`]],
};

let token = takeToken();
let paused = false;
let before = null;
let asked = 0;

/** Returns the token of the address or of this tab, and takes it out of the address. */
function takeToken() {
  const url = new URL(location.href);
  const given = new URLSearchParams(url.hash.slice(1)).get("token") ??
    url.searchParams.get("token");
  if (given === null) return sessionStorage.getItem("netpoll token") ?? "";
  url.hash = "";
  url.searchParams.delete("token");
  history.replaceState(null, "", url);
  sessionStorage.setItem("netpoll token", given);
  return given;
}

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className !== undefined) made.className = className;
  return made;
}

/** Asks the path of the page for a format. */
async function ask(parameters, accept) {
  const url = new URL(location.pathname, location.origin);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  const headers = { accept, authorization: `Bearer ${token}` };
  const response = await fetch(url, { headers, cache: "no-store" });
  if (response.status === 401) throw new Unauthorized();
  if (!response.ok) throw new Error(await response.text());
  return response;
}

class Unauthorized extends Error {}

function showTable(name, rows) {
  const columns = COLUMNS[name].filter(([, key]) =>
    key !== "place" && key !== "text" || rows.some((row) => row[key])
  );
  if (rows.length === 0) return byId(name).replaceChildren(element("p", "none", "none"));
  const head = element("tr");
  head.append(...columns.map(([title]) => element("th", title)));
  const body = rows.map((row) => {
    const line = element("tr");
    line.append(
      ...columns.map(([, key, text]) =>
        text === undefined ? element("td", row[key]) : element("td", text(row[key]), "number")
      ),
    );
    return line;
  });
  const table = element("table");
  const [thead, tbody] = [element("thead"), element("tbody")];
  thead.append(head);
  tbody.append(...body);
  table.append(thead, tbody);
  const box = byId(name);
  const { scrollTop, scrollLeft } = box;
  box.replaceChildren(table);
  box.scrollTop = scrollTop;
  box.scrollLeft = scrollLeft;
}

function showNumbers(snapshot) {
  const { stats, timers, loop, states, process } = snapshot;
  const numbers = {
    "runnable": count(states.runnable),
    "waiting": count(states.waiting),
    "started": count(stats.spawned),
    "timers": count(timers.active),
    "next timer": time(timers.next),
    "promises": count(stats.promises),
    "polls": count(stats.polls),
    "woken by the poller": count(stats.wakeUps),
    "calls that would block": count(stats.again),
    "turns beside the host": count(loop.turns),
    "sleeps": count(loop.sleeps),
    "late (mean)": `${loop.lateness.mean.toFixed(2)} ms`,
    "memory": bytes(process.rss),
  };
  byId("numbers").replaceChildren(
    ...Object.entries(numbers).map(([name, value]) => {
      const pair = element("div");
      pair.append(element("dt", name), element("dd", value));
      return pair;
    }),
  );
}

function showPlots(snapshot) {
  const seconds = before === null ? 0 : (snapshot.at - before.at) / 1000;
  const rate = (of) => seconds > 0 ? Math.max(0, of(snapshot) - of(before)) / seconds : 0;
  for (const plot of PLOTS) {
    plot.samples.push(plot.value(snapshot, rate));
    if (plot.samples.length > SAMPLES) plot.samples.shift();
  }
  byId("plots").replaceChildren(...PLOTS.map(figureOf));
}

function figureOf({ name, text, samples }) {
  const figure = element("figure");
  const caption = element("figcaption");
  caption.append(element("span", name), element("b", text(samples.at(-1))));
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${SAMPLES} ${HEIGHT}`);
  svg.setAttribute("preserveAspectRatio", "none");
  const line = document.createElementNS(SVG, "polyline");
  const most = Math.max(...samples, 1e-9);
  const from = SAMPLES - samples.length;
  line.setAttribute(
    "points",
    samples.map((value, i) =>
      `${from + i},${(HEIGHT - 1 - (value / most) * (HEIGHT - 2)).toFixed(1)}`
    ).join(" "),
  );
  svg.append(line);
  figure.append(caption, svg);
  return figure;
}

function showStates(groups) {
  const select = byId("state");
  const known = new Set([...select.options].map(({ value }) => value));
  for (const { state } of groups) {
    if (known.has(state)) continue;
    known.add(state);
    const option = element("option", state);
    option.value = state;
    select.append(option);
  }
}

/** Takes off the folder that all places have in common: what is left fits into a column. */
function shorten(rows) {
  const places = rows.flatMap(({ place }) => place ? [place] : []);
  if (places.length === 0) return rows;
  let folder = places[0].slice(0, places[0].lastIndexOf("/") + 1);
  while (!places.every((place) => place.startsWith(folder))) {
    folder = folder.slice(0, folder.lastIndexOf("/", folder.length - 2) + 1);
  }
  return rows.map((row) => ({ ...row, place: row.place.slice(folder.length) }));
}

function counted({ total, rows }) {
  return rows.length < total ? `${count(rows.length)} of ${count(total)}` : count(total);
}

function show(snapshot) {
  const { pid, runtime, os, poller } = snapshot.process;
  byId("about").textContent = `${runtime}, ${os}, ${poller}, process ${pid}, up ${
    time(snapshot.uptime)
  }`;
  showPlots(snapshot);
  showNumbers(snapshot);
  showStates(snapshot.groups);
  showTable("groups", shorten(snapshot.groups));
  showTable("goroutines", shorten(snapshot.goroutines.rows));
  byId("goroutineCount").textContent = counted(snapshot.goroutines);
  showTable("connections", snapshot.connections.rows);
  byId("connectionCount").textContent = counted(snapshot.connections);
  showTable("waits", snapshot.waits);
  showTable(
    "shed",
    Object.entries(snapshot.shed).flatMap(([action, counts]) =>
      Object.entries(counts).map(([limit, count]) => ({ limit, action, count }))
    ),
  );
  byId("reactorSection").hidden = snapshot.reactors.length === 0;
  showTable(
    "reactors",
    snapshot.reactors.flatMap(({ name, workers }) =>
      workers.map((worker) => ({ name, ...worker }))
    ),
  );
  before = snapshot;
}

/** Shows the page with its data, or the question for the token. */
function showLogin(needed) {
  byId("login").hidden = !needed;
  byId("main").hidden = byId("tools").hidden = needed;
}

async function update() {
  const number = ++asked;
  try {
    const query = { format: "json", search: byId("search").value, state: byId("state").value };
    const snapshot = await (await ask(query, "application/json")).json();
    if (number !== asked) return;
    showLogin(false);
    show(snapshot);
    byId("status").textContent = "live";
  } catch (error) {
    if (number !== asked) return;
    if (error instanceof Unauthorized) showLogin(true);
    byId("status").textContent = error instanceof Unauthorized
      ? "the token is missing or wrong"
      : "no answer: trying again";
  }
}

async function loop() {
  for (;;) {
    if (!paused && document.visibilityState === "visible" && byId("login").hidden) await update();
    await new Promise((resolve) => setTimeout(resolve, PERIOD_MS));
  }
}

async function download(button, parameters, name) {
  button.disabled = true;
  try {
    const blob = await (await ask(parameters, "*/*")).blob();
    const link = element("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  } catch (error) {
    byId("status").textContent = error.message;
  } finally {
    button.disabled = false;
  }
}

byId("pause").addEventListener("click", ({ currentTarget }) => {
  paused = !paused;
  currentTarget.setAttribute("aria-pressed", String(paused));
  byId("status").textContent = paused ? "paused" : "live";
});
byId("search").addEventListener("input", update);
byId("state").addEventListener("change", update);
byId("dump").addEventListener(
  "click",
  ({ currentTarget }) => download(currentTarget, { format: "dump" }, "netpoll-dump.txt"),
);
byId("trace").addEventListener(
  "click",
  ({ currentTarget }) =>
    download(currentTarget, { format: "trace", seconds: "5" }, "netpoll-trace.json"),
);
byId("login").addEventListener("submit", (event) => {
  event.preventDefault();
  token = byId("token").value.trim();
  sessionStorage.setItem("netpoll token", token);
  update();
});
loop();
