#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# yjs 13.6.33 beside loro-crdt 1.17.1, Node 20. Ann deletes a text, Bob writes into it meanwhile, and their updates
# meet; then Ann takes back her own last step. The good guess is that an undo manager for shared documents
# undoes its user's changes alone, since the document knows for each transaction whether it is `local`. The
# UndoManager of yjs does not ask that but for the transaction's origin, and `applyUpdate(doc, update)`, as in
# most examples, has the same origin as a local change: none. So Ann's undo removes Bob's words,
# for everybody, and what Ann had in mind comes back around a hole. With any third argument to applyUpdate, as
# ready-made providers pass, they stay, so it meets those who send updates themselves; loro keeps them too. Seen:
#   yjs, applyUpdate(doc, update): merged " big"; after undo "hello world", at Bob's "hello world"
#   yjs, applyUpdate(doc, update, "remote"): merged " big"; after undo "hello big world", at Bob's "hello big world"
#   loro-crdt: merged " big"; after undo "hello world big", at Bob's "hello world big"
set -euo pipefail
script=$(realpath "$0")
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm init --yes >/dev/null; npm install --no-audit --no-fund --silent yjs@13.6.33 loro-crdt@1.17.1
node --version
cat >case.mjs <<'EOC'
import { LoroDoc, UndoManager } from "loro-crdt";
import * as Y from "yjs";
function story(name, make, text, undoOf, send) {
  const ann = make(1), bob = make(2), written = "hello world";
  text(ann).insert(0, written); send(ann, bob);
  const undo = undoOf(ann);
  text(ann).delete(0, written.length);
  text(bob).insert(5, " big"); send(bob, ann);
  const merged = String(text(ann));
  undo(); send(ann, bob);
  const [mine, other] = [ann, bob].map((doc) => JSON.stringify(String(text(doc))));
  console.log(`${name}: merged ${JSON.stringify(merged)}; after undo ${mine}, at Bob's ${other}`);
}
const ydoc = (id) => Object.assign(new Y.Doc(), { clientID: id }), ytext = (doc) => doc.getText("text");
const yundo = (doc) => { const manager = new Y.UndoManager(ytext(doc)); return () => manager.undo(); };
story("yjs, applyUpdate(doc, update)", ydoc, ytext, yundo, (from, to) => Y.applyUpdate(to, Y.encodeStateAsUpdate(from)));
story('yjs, applyUpdate(doc, update, "remote")', ydoc, ytext, yundo, (from, to) => Y.applyUpdate(to, Y.encodeStateAsUpdate(from), "remote"));
const ldoc = (id) => { const doc = new LoroDoc(); doc.setPeerId(String(id)); return doc; }, ltext = (doc) => doc.getText("text");
const lundo = (doc) => { doc.commit(); const manager = new UndoManager(doc, {}); return () => { doc.commit(); manager.undo(); }; };
story("loro-crdt", ldoc, ltext, lundo, (from, to) => { from.commit(); to.commit(); to.import(from.export({ mode: "update" })); }); process.exit();
EOC
node case.mjs | tee seen; diff <(sed -n 's/^#   //p' "$script") seen
