// SPDX-License-Identifier: MIT
/** The debug page, of src/debug/page. Written by scripts/debug_page.mjs; do not edit. */

/** Markup, with a place for each of the other two. */
export const HTML: string = "<!doctype html>\n" +
  "<html lang=\"en\">\n" +
  "  <head>\n" +
  "    <meta charset=\"utf-8\">\n" +
  "    <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n" +
  "    <meta name=\"color-scheme\" content=\"light dark\">\n" +
  "    <link rel=\"icon\" href=\"data:,\">\n" +
  "    <title>netpoll</title>\n" +
  "    <style>\n" +
  "    /* page.css */\n" +
  "    </style>\n" +
  "  </head>\n" +
  "  <body>\n" +
  "    <header>\n" +
  "      <h1>netpoll</h1>\n" +
  "      <p id=\"about\"></p>\n" +
  "      <p id=\"status\" role=\"status\">connecting</p>\n" +
  "      <div class=\"tools\" id=\"tools\" hidden>\n" +
  "        <label>Search <input id=\"search\" type=\"search\" autocomplete=\"off\"></label>\n" +
  "        <label>State <select id=\"state\"><option value=\"\">all</option></select></label>\n" +
  "        <button id=\"pause\" type=\"button\" aria-pressed=\"false\">Pause</button>\n" +
  "        <button id=\"dump\" type=\"button\">Dump</button>\n" +
  "        <button id=\"trace\" type=\"button\">Trace 5 s</button>\n" +
  "      </div>\n" +
  "    </header>\n" +
  "    <form id=\"login\" hidden>\n" +
  "      <label>Token <input id=\"token\" type=\"password\" autocomplete=\"off\" required></label>\n" +
  "      <button>Show</button>\n" +
  "      <p>The program printed it when it made the handler.</p>\n" +
  "    </form>\n" +
  "    <main id=\"main\" hidden>\n" +
  "      <section class=\"plots\" id=\"plots\" aria-label=\"Rates over the last two minutes\"></section>\n" +
  "      <section>\n" +
  "        <h2>Numbers</h2>\n" +
  "        <dl id=\"numbers\"></dl>\n" +
  "      </section>\n" +
  "      <section>\n" +
  "        <h2>Goroutines by place</h2>\n" +
  "        <div class=\"scroll\" id=\"groups\"></div>\n" +
  "      </section>\n" +
  "      <section>\n" +
  "        <h2>Goroutines <small id=\"goroutineCount\"></small></h2>\n" +
  "        <div class=\"scroll\" id=\"goroutines\"></div>\n" +
  "      </section>\n" +
  "      <section>\n" +
  "        <h2>Connections <small id=\"connectionCount\"></small></h2>\n" +
  "        <div class=\"scroll\" id=\"connections\"></div>\n" +
  "      </section>\n" +
  "      <section>\n" +
  "        <h2>Channels and locks</h2>\n" +
  "        <div class=\"scroll\" id=\"waits\"></div>\n" +
  "      </section>\n" +
  "      <section>\n" +
  "        <h2>Limits</h2>\n" +
  "        <div class=\"scroll\" id=\"shed\"></div>\n" +
  "      </section>\n" +
  "      <section id=\"reactorSection\" hidden>\n" +
  "        <h2>Reactors</h2>\n" +
  "        <div class=\"scroll\" id=\"reactors\"></div>\n" +
  "      </section>\n" +
  "    </main>\n" +
  "    <script>\n" +
  "    /* page.js */\n" +
  "    </script>\n" +
  "  </body>\n" +
  "</html>\n" +
  "";

/** Style sheet. */
export const CSS: string = ":root {\n" +
  "  color-scheme: light dark;\n" +
  "  --ink: light-dark(#1d2330, #e4e7ee);\n" +
  "  --faint: light-dark(#5c6475, #9aa3b5);\n" +
  "  --line: light-dark(#d9dde6, #333a48);\n" +
  "  --ground: light-dark(#fff, #14171e);\n" +
  "  --raised: light-dark(#f4f6fa, #1c212b);\n" +
  "  --accent: light-dark(#0b62c4, #6fb1ff);\n" +
  "}\n" +
  "* {\n" +
  "  box-sizing: border-box;\n" +
  "}\n" +
  "[hidden] {\n" +
  "  display: none !important;\n" +
  "}\n" +
  "body {\n" +
  "  margin: 0;\n" +
  "  font: 14px/1.45 system-ui, sans-serif;\n" +
  "  color: var(--ink);\n" +
  "  background: var(--ground);\n" +
  "}\n" +
  "header {\n" +
  "  position: sticky;\n" +
  "  top: 0;\n" +
  "  z-index: 1;\n" +
  "  display: flex;\n" +
  "  flex-wrap: wrap;\n" +
  "  gap: 0.3rem 1rem;\n" +
  "  align-items: center;\n" +
  "  padding: 0.6rem 1rem;\n" +
  "  background: var(--raised);\n" +
  "  border-bottom: 1px solid var(--line);\n" +
  "}\n" +
  "h1 {\n" +
  "  margin: 0;\n" +
  "  font-size: 1.1rem;\n" +
  "}\n" +
  "h2 {\n" +
  "  margin: 1.4rem 0 0.4rem;\n" +
  "  font-size: 1rem;\n" +
  "}\n" +
  "small,\n" +
  "#about,\n" +
  "dt {\n" +
  "  color: var(--faint);\n" +
  "  font-weight: normal;\n" +
  "}\n" +
  "header p {\n" +
  "  margin: 0;\n" +
  "}\n" +
  ".tools {\n" +
  "  display: flex;\n" +
  "  flex-wrap: wrap;\n" +
  "  gap: 0.5rem;\n" +
  "  align-items: center;\n" +
  "  margin-left: auto;\n" +
  "}\n" +
  "input,\n" +
  "select,\n" +
  "button {\n" +
  "  font: inherit;\n" +
  "  color: inherit;\n" +
  "  padding: 0.25rem 0.5rem;\n" +
  "  background: var(--ground);\n" +
  "  border: 1px solid var(--line);\n" +
  "  border-radius: 4px;\n" +
  "}\n" +
  "button {\n" +
  "  cursor: pointer;\n" +
  "}\n" +
  "button[aria-pressed=\"true\"] {\n" +
  "  color: var(--ground);\n" +
  "  background: var(--accent);\n" +
  "}\n" +
  "main,\n" +
  "#login {\n" +
  "  padding: 0 1rem 2rem;\n" +
  "}\n" +
  "#login {\n" +
  "  padding-top: 2rem;\n" +
  "}\n" +
  ".plots {\n" +
  "  display: grid;\n" +
  "  grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr));\n" +
  "  gap: 0.8rem;\n" +
  "  margin-top: 1rem;\n" +
  "}\n" +
  "figure {\n" +
  "  margin: 0;\n" +
  "  padding: 0.5rem 0.6rem;\n" +
  "  background: var(--raised);\n" +
  "  border: 1px solid var(--line);\n" +
  "  border-radius: 6px;\n" +
  "}\n" +
  "figcaption {\n" +
  "  display: flex;\n" +
  "  justify-content: space-between;\n" +
  "  color: var(--faint);\n" +
  "}\n" +
  "figcaption b {\n" +
  "  color: var(--ink);\n" +
  "  font-variant-numeric: tabular-nums;\n" +
  "}\n" +
  "svg {\n" +
  "  display: block;\n" +
  "  width: 100%;\n" +
  "  height: 56px;\n" +
  "}\n" +
  "polyline {\n" +
  "  fill: none;\n" +
  "  stroke: var(--accent);\n" +
  "  stroke-width: 1.5;\n" +
  "  vector-effect: non-scaling-stroke;\n" +
  "}\n" +
  "dl {\n" +
  "  display: grid;\n" +
  "  grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr));\n" +
  "  gap: 0.4rem 1rem;\n" +
  "  margin: 0;\n" +
  "}\n" +
  "dd {\n" +
  "  margin: 0;\n" +
  "  font-variant-numeric: tabular-nums;\n" +
  "}\n" +
  ".scroll {\n" +
  "  max-height: 26rem;\n" +
  "  overflow: auto;\n" +
  "  border: 1px solid var(--line);\n" +
  "  border-radius: 6px;\n" +
  "}\n" +
  "table {\n" +
  "  width: 100%;\n" +
  "  border-collapse: collapse;\n" +
  "}\n" +
  "th,\n" +
  "td {\n" +
  "  padding: 0.2rem 0.6rem;\n" +
  "  text-align: left;\n" +
  "  white-space: nowrap;\n" +
  "  border-bottom: 1px solid var(--line);\n" +
  "}\n" +
  "th {\n" +
  "  position: sticky;\n" +
  "  top: 0;\n" +
  "  color: var(--faint);\n" +
  "  font-weight: normal;\n" +
  "  background: var(--raised);\n" +
  "}\n" +
  "td.number {\n" +
  "  text-align: right;\n" +
  "  font-variant-numeric: tabular-nums;\n" +
  "}\n" +
  "td.none {\n" +
  "  color: var(--faint);\n" +
  "}\n" +
  "";

/** Script. */
export const JS: string = "// SPDX-License-Identifier: MIT\n" +
  "/**\n" +
  " * The live page in the browser. It has no dependency, makes every element by the DOM, and asks the\n" +
  " * path that it was loaded from for JSON, once a second.\n" +
  " */\n" +
  "\"use strict\";\n" +
  "\n" +
  "const PERIOD_MS = 1000;\n" +
  "/** Samples of a plot: two minutes. */\n" +
  "const SAMPLES = 120;\n" +
  "const HEIGHT = 40;\n" +
  "const SVG = \"http://www.w3.org/2000/svg\";\n" +
  "\n" +
  "const byId = (id) => document.getElementById(id);\n" +
  "\n" +
  "/** Units of times and bytes, the smallest first. */\n" +
  "const TIMES = [[\"ms\", 1000], [\"s\", 60], [\"min\", 60], [\"h\", 24], [\"d\", Infinity]];\n" +
  "const BYTES = [[\"B\", 1024], [\"KiB\", 1024], [\"MiB\", 1024], [\"GiB\", 1024], [\"TiB\", Infinity]];\n" +
  "\n" +
  "function inUnits(value, units) {\n" +
  "  if (value === null) return \"–\";\n" +
  "  let rest = value;\n" +
  "  for (const [unit, size] of units) {\n" +
  "    if (rest < size) {\n" +
  "      return `${rest < 10 && unit !== units[0][0] ? rest.toFixed(1) : Math.round(rest)} ${unit}`;\n" +
  "    }\n" +
  "    rest /= size;\n" +
  "  }\n" +
  "}\n" +
  "\n" +
  "const time = (ms) => inUnits(ms, TIMES);\n" +
  "const bytes = (n) => inUnits(n, BYTES);\n" +
  "const count = (n) => Math.round(n).toLocaleString(\"en\");\n" +
  "\n" +
  "/** The plots: the name, the value of a snapshot and the one before, and how it is written. */\n" +
  "const PLOTS = [\n" +
  "  [\"read a second\", (_, rate) => rate((s) => s.stats.bytesRead), bytes],\n" +
  "  [\"written a second\", (_, rate) => rate((s) => s.stats.bytesWritten), bytes],\n" +
  "  [\"switches a second\", (_, rate) => rate((s) => s.stats.switches), count],\n" +
  "  [\"polls a second\", (_, rate) => rate((s) => s.stats.polls), count],\n" +
  "  [\"goroutines\", (now) => now.stats.goroutines, count],\n" +
  "  [\"descriptors\", (now) => now.stats.descriptors, count],\n" +
  "  [\"goroutines started a second\", (_, rate) => rate((s) => s.stats.spawned), count],\n" +
  "  [\"host's loop late by (max)\", (now) => now.loop.lateness.max, (ms) => `${ms.toFixed(1)} ms`],\n" +
  "].map(([name, value, text]) => ({ name, value, text, samples: [] }));\n" +
  "\n" +
  "const COLUMNS = {\n" +
  "  groups: [[\"count\", \"count\", count], [\"function\", \"name\"], [\"state\", \"state\"], [\n" +
  "    \"longest\",\n" +
  "    \"longest\",\n" +
  "    time,\n" +
  "  ], [\"started at\", \"place\"]],\n" +
  "  goroutines: [\n" +
  "    [\"id\", \"id\", String],\n" +
  "    [\"function\", \"name\"],\n" +
  "    [\"state\", \"state\"],\n" +
  "    [\"waits for\", \"on\"],\n" +
  "    [\"waited\", \"waited\", time],\n" +
  "    [\"started at\", \"place\"],\n" +
  "  ],\n" +
  "  connections: [\n" +
  "    [\"fd\", \"fd\", String],\n" +
  "    [\"network\", \"network\"],\n" +
  "    [\"local\", \"local\"],\n" +
  "    [\"peer\", \"remote\"],\n" +
  "    [\"received\", \"received\", bytes],\n" +
  "    [\"sent\", \"sent\", bytes],\n" +
  "    [\"age\", \"age\", time],\n" +
  "    [\"idle\", \"idle\", time],\n" +
  "    [\"read deadline\", \"readDeadline\", time],\n" +
  "    [\"write deadline\", \"writeDeadline\", time],\n" +
  "    [\"\", \"text\"],\n" +
  "  ],\n" +
  "  waits: [[\"waiters\", \"count\", count], [\"why\", \"reason\"], [\"for\", \"on\"], [\n" +
  "    \"longest\",\n" +
  "    \"longest\",\n" +
  "    time,\n" +
  "  ]],\n" +
  "  shed: [[\"limit\", \"limit\"], [\"what happened\", \"action\"], [\"times\", \"count\", count]],\n" +
  "  reactors: [[\"reactor\", \"name\"], [\"worker\", \"id\", String], [\"state\", \"state\"], [\n" +
  "    \"connections\",\n" +
  "    \"connections\",\n" +
  "    count,\n" +
  "  ], [\"share\", \"share\", (part) => `${Math.round(part * 100)} %`]],\n" +
  "};\n" +
  "\n" +
  "let token = takeToken();\n" +
  "let paused = false;\n" +
  "let before = null;\n" +
  "let asked = 0;\n" +
  "\n" +
  "/** Returns the token of the address or of this tab, and takes it out of the address. */\n" +
  "function takeToken() {\n" +
  "  const url = new URL(location.href);\n" +
  "  const given = new URLSearchParams(url.hash.slice(1)).get(\"token\") ??\n" +
  "    url.searchParams.get(\"token\");\n" +
  "  if (given === null) return sessionStorage.getItem(\"netpoll token\") ?? \"\";\n" +
  "  url.hash = \"\";\n" +
  "  url.searchParams.delete(\"token\");\n" +
  "  history.replaceState(null, \"\", url);\n" +
  "  sessionStorage.setItem(\"netpoll token\", given);\n" +
  "  return given;\n" +
  "}\n" +
  "\n" +
  "function element(name, text, className) {\n" +
  "  const made = document.createElement(name);\n" +
  "  if (text !== undefined) made.textContent = text;\n" +
  "  if (className !== undefined) made.className = className;\n" +
  "  return made;\n" +
  "}\n" +
  "\n" +
  "/** Asks the path of the page for a format. */\n" +
  "async function ask(parameters, accept) {\n" +
  "  const url = new URL(location.pathname, location.origin);\n" +
  "  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);\n" +
  "  const headers = { accept, authorization: `Bearer ${token}` };\n" +
  "  const response = await fetch(url, { headers, cache: \"no-store\" });\n" +
  "  if (response.status === 401) throw new Unauthorized();\n" +
  "  if (!response.ok) throw new Error(await response.text());\n" +
  "  return response;\n" +
  "}\n" +
  "\n" +
  "class Unauthorized extends Error {}\n" +
  "\n" +
  "function showTable(name, rows) {\n" +
  "  const columns = COLUMNS[name].filter(([, key]) =>\n" +
  "    key !== \"place\" && key !== \"text\" || rows.some((row) => row[key])\n" +
  "  );\n" +
  "  if (rows.length === 0) return byId(name).replaceChildren(element(\"p\", \"none\", \"none\"));\n" +
  "  const head = element(\"tr\");\n" +
  "  head.append(...columns.map(([title]) => element(\"th\", title)));\n" +
  "  const body = rows.map((row) => {\n" +
  "    const line = element(\"tr\");\n" +
  "    line.append(\n" +
  "      ...columns.map(([, key, text]) =>\n" +
  "        text === undefined ? element(\"td\", row[key]) : element(\"td\", text(row[key]), \"number\")\n" +
  "      ),\n" +
  "    );\n" +
  "    return line;\n" +
  "  });\n" +
  "  const table = element(\"table\");\n" +
  "  const [thead, tbody] = [element(\"thead\"), element(\"tbody\")];\n" +
  "  thead.append(head);\n" +
  "  tbody.append(...body);\n" +
  "  table.append(thead, tbody);\n" +
  "  const box = byId(name);\n" +
  "  const { scrollTop, scrollLeft } = box;\n" +
  "  box.replaceChildren(table);\n" +
  "  box.scrollTop = scrollTop;\n" +
  "  box.scrollLeft = scrollLeft;\n" +
  "}\n" +
  "\n" +
  "function showNumbers(snapshot) {\n" +
  "  const { stats, timers, loop, states, process } = snapshot;\n" +
  "  const numbers = {\n" +
  "    \"runnable\": count(states.runnable),\n" +
  "    \"waiting\": count(states.waiting),\n" +
  "    \"started\": count(stats.spawned),\n" +
  "    \"timers\": count(timers.active),\n" +
  "    \"next timer\": time(timers.next),\n" +
  "    \"promises\": count(stats.promises),\n" +
  "    \"polls\": count(stats.polls),\n" +
  "    \"woken by the poller\": count(stats.wakeUps),\n" +
  "    \"calls that would block\": count(stats.again),\n" +
  "    \"turns beside the host\": count(loop.turns),\n" +
  "    \"sleeps\": count(loop.sleeps),\n" +
  "    \"late (mean)\": `${loop.lateness.mean.toFixed(2)} ms`,\n" +
  "    \"memory\": bytes(process.rss),\n" +
  "  };\n" +
  "  byId(\"numbers\").replaceChildren(\n" +
  "    ...Object.entries(numbers).map(([name, value]) => {\n" +
  "      const pair = element(\"div\");\n" +
  "      pair.append(element(\"dt\", name), element(\"dd\", value));\n" +
  "      return pair;\n" +
  "    }),\n" +
  "  );\n" +
  "}\n" +
  "\n" +
  "function showPlots(snapshot) {\n" +
  "  const seconds = before === null ? 0 : (snapshot.at - before.at) / 1000;\n" +
  "  const rate = (of) => seconds > 0 ? Math.max(0, of(snapshot) - of(before)) / seconds : 0;\n" +
  "  for (const plot of PLOTS) {\n" +
  "    plot.samples.push(plot.value(snapshot, rate));\n" +
  "    if (plot.samples.length > SAMPLES) plot.samples.shift();\n" +
  "  }\n" +
  "  byId(\"plots\").replaceChildren(...PLOTS.map(figureOf));\n" +
  "}\n" +
  "\n" +
  "function figureOf({ name, text, samples }) {\n" +
  "  const figure = element(\"figure\");\n" +
  "  const caption = element(\"figcaption\");\n" +
  "  caption.append(element(\"span\", name), element(\"b\", text(samples.at(-1))));\n" +
  "  const svg = document.createElementNS(SVG, \"svg\");\n" +
  "  svg.setAttribute(\"viewBox\", `0 0 ${SAMPLES} ${HEIGHT}`);\n" +
  "  svg.setAttribute(\"preserveAspectRatio\", \"none\");\n" +
  "  const line = document.createElementNS(SVG, \"polyline\");\n" +
  "  const most = Math.max(...samples, 1e-9);\n" +
  "  const from = SAMPLES - samples.length;\n" +
  "  line.setAttribute(\n" +
  "    \"points\",\n" +
  "    samples.map((value, i) =>\n" +
  "      `${from + i},${(HEIGHT - 1 - (value / most) * (HEIGHT - 2)).toFixed(1)}`\n" +
  "    ).join(\" \"),\n" +
  "  );\n" +
  "  svg.append(line);\n" +
  "  figure.append(caption, svg);\n" +
  "  return figure;\n" +
  "}\n" +
  "\n" +
  "function showStates(groups) {\n" +
  "  const select = byId(\"state\");\n" +
  "  const known = new Set([...select.options].map(({ value }) => value));\n" +
  "  for (const { state } of groups) {\n" +
  "    if (known.has(state)) continue;\n" +
  "    known.add(state);\n" +
  "    const option = element(\"option\", state);\n" +
  "    option.value = state;\n" +
  "    select.append(option);\n" +
  "  }\n" +
  "}\n" +
  "\n" +
  "/** Takes off the folder that all places have in common: what is left fits into a column. */\n" +
  "function shorten(rows) {\n" +
  "  const places = rows.flatMap(({ place }) => place ? [place] : []);\n" +
  "  if (places.length === 0) return rows;\n" +
  "  let folder = places[0].slice(0, places[0].lastIndexOf(\"/\") + 1);\n" +
  "  while (!places.every((place) => place.startsWith(folder))) {\n" +
  "    folder = folder.slice(0, folder.lastIndexOf(\"/\", folder.length - 2) + 1);\n" +
  "  }\n" +
  "  return rows.map((row) => ({ ...row, place: row.place.slice(folder.length) }));\n" +
  "}\n" +
  "\n" +
  "function counted({ total, rows }) {\n" +
  "  return rows.length < total ? `${count(rows.length)} of ${count(total)}` : count(total);\n" +
  "}\n" +
  "\n" +
  "function show(snapshot) {\n" +
  "  const { pid, runtime, os, poller } = snapshot.process;\n" +
  "  byId(\"about\").textContent = `${runtime}, ${os}, ${poller}, process ${pid}, up ${\n" +
  "    time(snapshot.uptime)\n" +
  "  }`;\n" +
  "  showPlots(snapshot);\n" +
  "  showNumbers(snapshot);\n" +
  "  showStates(snapshot.groups);\n" +
  "  showTable(\"groups\", shorten(snapshot.groups));\n" +
  "  showTable(\"goroutines\", shorten(snapshot.goroutines.rows));\n" +
  "  byId(\"goroutineCount\").textContent = counted(snapshot.goroutines);\n" +
  "  showTable(\"connections\", snapshot.connections.rows);\n" +
  "  byId(\"connectionCount\").textContent = counted(snapshot.connections);\n" +
  "  showTable(\"waits\", snapshot.waits);\n" +
  "  showTable(\n" +
  "    \"shed\",\n" +
  "    Object.entries(snapshot.shed).flatMap(([action, counts]) =>\n" +
  "      Object.entries(counts).map(([limit, count]) => ({ limit, action, count }))\n" +
  "    ),\n" +
  "  );\n" +
  "  byId(\"reactorSection\").hidden = snapshot.reactors.length === 0;\n" +
  "  showTable(\n" +
  "    \"reactors\",\n" +
  "    snapshot.reactors.flatMap(({ name, workers }) =>\n" +
  "      workers.map((worker) => ({ name, ...worker }))\n" +
  "    ),\n" +
  "  );\n" +
  "  before = snapshot;\n" +
  "}\n" +
  "\n" +
  "/** Shows the page with its data, or the question for the token. */\n" +
  "function showLogin(needed) {\n" +
  "  byId(\"login\").hidden = !needed;\n" +
  "  byId(\"main\").hidden = byId(\"tools\").hidden = needed;\n" +
  "}\n" +
  "\n" +
  "async function update() {\n" +
  "  const number = ++asked;\n" +
  "  try {\n" +
  "    const query = { format: \"json\", search: byId(\"search\").value, state: byId(\"state\").value };\n" +
  "    const snapshot = await (await ask(query, \"application/json\")).json();\n" +
  "    if (number !== asked) return;\n" +
  "    showLogin(false);\n" +
  "    show(snapshot);\n" +
  "    byId(\"status\").textContent = \"live\";\n" +
  "  } catch (error) {\n" +
  "    if (number !== asked) return;\n" +
  "    if (error instanceof Unauthorized) showLogin(true);\n" +
  "    byId(\"status\").textContent = error instanceof Unauthorized\n" +
  "      ? \"the token is missing or wrong\"\n" +
  "      : \"no answer: trying again\";\n" +
  "  }\n" +
  "}\n" +
  "\n" +
  "async function loop() {\n" +
  "  for (;;) {\n" +
  "    if (!paused && document.visibilityState === \"visible\" && byId(\"login\").hidden) await update();\n" +
  "    await new Promise((resolve) => setTimeout(resolve, PERIOD_MS));\n" +
  "  }\n" +
  "}\n" +
  "\n" +
  "async function download(button, parameters, name) {\n" +
  "  button.disabled = true;\n" +
  "  try {\n" +
  "    const blob = await (await ask(parameters, \"*/*\")).blob();\n" +
  "    const link = element(\"a\");\n" +
  "    link.href = URL.createObjectURL(blob);\n" +
  "    link.download = name;\n" +
  "    link.click();\n" +
  "    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);\n" +
  "  } catch (error) {\n" +
  "    byId(\"status\").textContent = error.message;\n" +
  "  } finally {\n" +
  "    button.disabled = false;\n" +
  "  }\n" +
  "}\n" +
  "\n" +
  "byId(\"pause\").addEventListener(\"click\", ({ currentTarget }) => {\n" +
  "  paused = !paused;\n" +
  "  currentTarget.setAttribute(\"aria-pressed\", String(paused));\n" +
  "  byId(\"status\").textContent = paused ? \"paused\" : \"live\";\n" +
  "});\n" +
  "byId(\"search\").addEventListener(\"input\", update);\n" +
  "byId(\"state\").addEventListener(\"change\", update);\n" +
  "byId(\"dump\").addEventListener(\n" +
  "  \"click\",\n" +
  "  ({ currentTarget }) => download(currentTarget, { format: \"dump\" }, \"netpoll-dump.txt\"),\n" +
  ");\n" +
  "byId(\"trace\").addEventListener(\n" +
  "  \"click\",\n" +
  "  ({ currentTarget }) =>\n" +
  "    download(currentTarget, { format: \"trace\", seconds: \"5\" }, \"netpoll-trace.json\"),\n" +
  ");\n" +
  "byId(\"login\").addEventListener(\"submit\", (event) => {\n" +
  "  event.preventDefault();\n" +
  "  token = byId(\"token\").value.trim();\n" +
  "  sessionStorage.setItem(\"netpoll token\", token);\n" +
  "  update();\n" +
  "});\n" +
  "loop();\n" +
  "";
