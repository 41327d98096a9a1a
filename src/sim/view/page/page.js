// SPDX-License-Identifier: MIT
/**
 * A run of a simulation in the browser, as a space-time diagram: each host is a line from top to
 * bottom, each event a row in the order of time, each packet an arrow. Only the rows that can be
 * seen are drawn, so the number of events does not matter. Nothing is loaded, and every element is
 * made by the DOM.
 */
"use strict";

const SVG = "http://www.w3.org/2000/svg";
const TIME_WIDTH = 84;
const HEAD = 24;
/** Kinds that are hidden at first: there are many of them. */
const NOISY = ["turn", "call"];
const ZOOM = { least: 4, most: 48, step: 1.4 };

const byId = (id) => document.getElementById(id);
const run = JSON.parse(byId("run").textContent);

/** What is shown, and how large. */
const view = {
  hosts: new Set(run.hosts),
  kinds: new Set(run.events.map(({ kind }) => kind).filter((kind) => !NOISY.includes(kind))),
  search: "",
  rowHeight: 18,
  selected: -1,
};

/** Rows that pass the filters, and what is drawn across several of them. */
let layout = { rows: [], arrows: [], bands: [], spans: [], columns: new Map(), width: 0 };

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made[key] = value;
  made.append(...children);
  return made;
}

function shape(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

const ms = (time) => `${time.toFixed(3)} ms`;

/** Where a row is: its middle. */
const yOf = (row) => HEAD + (row + 0.5) * view.rowHeight;

function shows(event) {
  if (!view.kinds.has(event.kind)) return false;
  const inHosts = event.host === "" || view.hosts.has(event.host);
  return inHosts && (view.search === "" || event.words.toLowerCase().includes(view.search));
}

/** Lays the events out that pass the filters. */
function arrange() {
  const rows = run.events.filter(shows);
  const shown = run.hosts.filter((host) => view.hosts.has(host));
  const room = byId("diagram").clientWidth - TIME_WIDTH;
  const gap = Math.max(110, Math.min(320, room / Math.max(1, shown.length)));
  const columns = new Map(shown.map((host, i) => [host, TIME_WIDTH + 30 + gap * i]));
  const width = TIME_WIDTH + gap * shown.length;
  layout = { rows, columns, width, gap, ...connections(rows) };
}

/** Arrows, faults that last, times without power, and operations, by the rows of their ends. */
function connections(rows) {
  const arrows = [];
  const bands = [];
  const spans = [];
  const sent = new Map();
  const open = new Map();
  const begin = (key, list, entry) => {
    list.push(entry);
    open.set(key, entry);
  };
  const end = (key, row) => {
    const entry = open.get(key);
    if (entry !== undefined) entry.to = row;
    open.delete(key);
  };
  const last = rows.length;
  rows.forEach((event, row) => {
    const { kind, host, text, packet, lasts } = event;
    if (kind === "send") sent.set(packet, { row, event });
    else if (kind === "deliver" || kind === "drop") {
      const from = sent.get(packet);
      if (from !== undefined) {
        arrows.push({ from: from.row, to: row, event: from.event, end: event });
      }
    } else if (kind === "fault" && lasts) begin(text, bands, { from: row, to: last, text });
    else if (kind === "fault") end(text.replace(/^heal /, ""), row);
    else if (kind === "operation") {
      const key = `operation ${event.operation}`;
      if (text.startsWith("invoke ")) begin(key, spans, { from: row, to: last, host, kind });
      else end(key, row);
    } else if (kind === "host" && text === "crashed") {
      end(`paused ${host}`, row);
      begin(`down ${host}`, spans, { from: row, to: last, host, kind: "down" });
    } else if (kind === "host" && text === "paused") {
      begin(`paused ${host}`, spans, { from: row, to: last, host, kind: text });
    } else if (kind === "host") end(`${text === "started" ? "down" : "paused"} ${host}`, row);
  });
  return { arrows, bands, spans };
}

/** Draws the rows that can be seen. */
function draw() {
  const diagram = byId("diagram");
  const { rows, arrows, bands, spans, columns, width } = layout;
  const { rowHeight } = view;
  const total = HEAD + (rows.length + 2) * rowHeight;
  const space = byId("space");
  space.style.height = `${total - HEAD}px`;
  space.style.width = `${width}px`;
  const top = diagram.scrollTop;
  const height = diagram.clientHeight;
  const first = Math.max(0, Math.floor((top - HEAD) / rowHeight) - 2);
  const last = Math.min(rows.length - 1, Math.ceil((top + height - HEAD) / rowHeight) + 2);
  const svg = byId("drawing");
  const shownHeight = Math.min(height, total);
  svg.style.top = `${top}px`;
  svg.setAttribute("width", Math.max(width, diagram.clientWidth));
  svg.setAttribute("height", shownHeight);
  svg.setAttribute("viewBox", `0 ${top} ${Math.max(width, diagram.clientWidth)} ${shownHeight}`);
  const seen = ({ from, to }) => from <= last && to >= first;
  const clip = (row) => yOf(Math.min(Math.max(row, first - 1), last + 1));
  const marks = [];
  for (const band of bands.filter(seen)) {
    const y = clip(band.from);
    const attributes = { class: "cut", x: TIME_WIDTH, y, width, height: clip(band.to) - y };
    const rect = shape("rect", attributes);
    rect.append(shape("title", {}, band.text));
    marks.push(rect);
  }
  for (const x of columns.values()) {
    marks.push(
      shape("line", { class: "life", x1: x, x2: x, y1: top, y2: Math.min(top + height, total) }),
    );
  }
  for (const { from, to, host, kind } of spans.filter(seen)) {
    const x = columns.get(host);
    if (x === undefined) continue;
    marks.push(shape("line", { class: kind, x1: x, x2: x, y1: clip(from), y2: clip(to) }));
  }
  for (const arrow of arrows.filter(seen)) marks.push(...arrowOf(arrow));
  for (let row = first; row <= last; row++) marks.push(...rowOf(row));
  if (run.failure !== null && last >= rows.length - 1) marks.push(...failureMarks(rows.length));
  byId("marks").replaceChildren(...marks);
}

function arrowOf({ from, to, event, end }) {
  const { columns, gap } = layout;
  const x1 = columns.get(event.host);
  const reach = columns.get(event.peer);
  // An end may be on a host that is hidden.
  if (x1 === undefined || reach === undefined) return [];
  const lost = end.kind === "drop";
  const loop = event.host === event.peer;
  const x2 = lost ? x1 + (reach - x1) * 0.6 : reach;
  const y1 = yOf(from);
  const y2 = yOf(to);
  const chosen = [event.index, end.index].includes(view.selected) ? " chosen" : "";
  const d = loop
    ? `M${x1} ${y1}C${x1 + gap / 4} ${y1} ${x1 + gap / 4} ${y2} ${x2} ${y2}`
    : `M${x1} ${y1}L${x2} ${y2}`;
  const path = shape("path", { class: `arrow${lost ? " lost" : ""}${chosen}`, d });
  path.append(shape("title", {}, `${event.words}; ${lost ? end.text : ms(end.time - event.time)}`));
  if (!lost) return [path];
  const cross = `M${x2 - 4} ${y2 - 4}l8 8m0 -8l-8 8`;
  return [path, shape("path", { class: "cross", d: cross })];
}

function rowOf(row) {
  const { rows, columns, width } = layout;
  const event = rows[row];
  const y = yOf(row);
  const marks = [];
  const chosen = event.index === view.selected ? " selected" : "";
  const target = shape("rect", {
    class: `row${chosen}`,
    "data-index": event.index,
    x: 0,
    y: y - view.rowHeight / 2,
    width: Math.max(width, byId("diagram").clientWidth),
    height: view.rowHeight,
  });
  const large = view.rowHeight >= 11;
  if (large && event.time !== rows[row - 1]?.time) {
    const attributes = { class: "time", x: TIME_WIDTH - 10, y: y + 4, "text-anchor": "end" };
    marks.push(shape("text", attributes, event.time.toFixed(3)));
  }
  const x = columns.get(event.host);
  const network = event.host === "";
  const kind = event.bad ? "fault" : event.kind;
  if (x !== undefined) marks.push(shape("circle", { class: kind, cx: x, cy: y, r: 3 }));
  if (large && (x !== undefined || network)) {
    const attributes = {
      class: event.bad ? "fault" : "words",
      x: network ? TIME_WIDTH : x + 7,
      y: y + 4,
    };
    marks.push(shape("text", attributes, shortened(event.words, network)));
  }
  // Last, so that it takes the clicks.
  return [...marks, target];
}

/** So much of a text as has room beside its line. */
function shortened(text, wide) {
  const most = wide ? 200 : Math.floor((layout.gap - 12) / 6);
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

function failureMarks(row) {
  const y = yOf(row);
  const { width } = layout;
  return [
    shape("line", { class: "end", x1: TIME_WIDTH, x2: width, y1: y - 8, y2: y - 8 }),
    shape("text", { class: "fault", x: TIME_WIDTH, y: y + 6 }, run.failure),
  ];
}

/** Shows an event's fields, and marks it. */
function select(index) {
  view.selected = index;
  const event = run.events.find((one) => one.index === index);
  if (event === undefined) return;
  const { words, lasts: _lasts, bad: _bad, goroutine, ...fields } = event;
  const list = element("dl");
  const who = goroutine === 0 ? "" : `${goroutine} ${run.goroutines[goroutine] ?? ""}`;
  const all = { event: words, ...fields, time: ms(event.time), goroutine: who };
  for (const [name, value] of Object.entries(all)) {
    if (value === "") continue;
    list.append(
      element("dt", { textContent: name }),
      element("dd", { textContent: String(value) }),
    );
  }
  list.append(...ways(event));
  byId("details").replaceChildren(element("h2", { textContent: "Event" }), list);
  draw();
}

/** Time from a packet's sending to its end. */
function ways(event) {
  if (event.packet === undefined) return [];
  const same = run.events.filter((one) => one.packet === event.packet && one.kind !== "call");
  return same.filter((one) => one !== event).flatMap((one) => [
    element("dt", { textContent: one.kind }),
    element("dd", { textContent: `${ms(one.time)} on ${one.host}` }),
  ]);
}

function reveal(row) {
  const diagram = byId("diagram");
  diagram.scrollTop = Math.max(0, yOf(row) - diagram.clientHeight / 2);
}

function refresh() {
  arrange();
  const names = [...layout.columns].map(([host, x]) => {
    const name = element("span", { textContent: host });
    name.style.left = `${x}px`;
    return name;
  });
  byId("names").replaceChildren(...names);
  byId("names").style.width = `${layout.width}px`;
  byId("count").textContent = `${layout.rows.length} of ${run.events.length} events`;
  draw();
}

/** A box that shows or hides one thing. */
function choice(parent, name, set) {
  const box = element("input", { type: "checkbox", name, checked: set.has(name) });
  box.addEventListener("change", () => {
    if (box.checked) set.add(name);
    else set.delete(name);
    refresh();
  });
  byId(parent).append(element("label", {}, box, ` ${name}`));
}

/** Zooms with the middle of what is seen where it was. */
function zoom(factor) {
  const diagram = byId("diagram");
  const middle = (diagram.scrollTop + diagram.clientHeight / 2 - HEAD) / view.rowHeight;
  view.rowHeight = Math.min(ZOOM.most, Math.max(ZOOM.least, view.rowHeight * factor));
  draw();
  reveal(middle - 0.5);
  draw();
}

function nextFault() {
  const { rows } = layout;
  const from = rows.findIndex(({ index }) => index === view.selected);
  const order = [...rows.keys()].map((i) => (from + 1 + i) % rows.length);
  const row = order.find((i) => rows[i].bad);
  if (row === undefined) return;
  reveal(row);
  select(rows[row].index);
}

function move(step) {
  const { rows } = layout;
  const at = rows.findIndex(({ index }) => index === view.selected);
  const row = Math.min(rows.length - 1, Math.max(0, at + step));
  if (rows.length === 0) return;
  const y = yOf(row);
  const diagram = byId("diagram");
  const { scrollTop: top, clientHeight: height } = diagram;
  if (y < top + 2 * HEAD || y > top + height - HEAD) reveal(row);
  select(rows[row].index);
}

function listProperties() {
  const rows = run.properties.map(({ kind, name, passed, failed }) => {
    const bad = kind === "always" || kind === "eventually" ? failed > 0 : false;
    const row = element("tr", { className: bad ? "failed" : passed === 0 ? "missed" : "" });
    const counts = kind === "reachable" ? `${passed}` : `${passed} true, ${failed} false`;
    for (const text of [kind, name, counts]) row.append(element("td", { textContent: text }));
    return row;
  });
  const none = element("p", { textContent: "The program states none." });
  byId("properties").append(
    rows.length === 0 ? none : element("table", {}, element("tbody", {}, ...rows)),
  );
}

function start() {
  byId("outcome").textContent = run.failure === null ? "passed" : run.failure;
  byId("outcome").className = run.failure === null ? "" : "failed";
  byId("about").textContent = run.about;
  byId("dumpSection").hidden = run.dump === "";
  byId("dump").textContent = run.dump;
  listProperties();
  for (const host of run.hosts) choice("hosts", host, view.hosts);
  for (const kind of new Set(run.events.map((event) => event.kind))) {
    choice("kinds", kind, view.kinds);
  }
  byId("search").addEventListener("input", ({ target }) => {
    view.search = target.value.toLowerCase();
    refresh();
  });
  byId("in").addEventListener("click", () => zoom(ZOOM.step));
  byId("out").addEventListener("click", () => zoom(1 / ZOOM.step));
  byId("fault").addEventListener("click", nextFault);
  byId("drawing").addEventListener("click", ({ target }) => {
    const { index } = target.dataset;
    if (index !== undefined) select(Number(index));
  });
  const diagram = byId("diagram");
  let due = false;
  diagram.addEventListener("scroll", () => {
    if (due) return;
    due = true;
    requestAnimationFrame(() => {
      due = false;
      draw();
    });
  });
  diagram.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    move(step);
  });
  addEventListener("resize", refresh);
  refresh();
  // What led to a failure is at the end.
  if (run.failure !== null) diagram.scrollTop = diagram.scrollHeight;
}

start();
