// SPDX-License-Identifier: MIT
// cspell:ignore onetwo
/** What every poller must tell of descriptors, and when. */
import assert from "node:assert/strict";
import { POLL_HANGUP, POLL_READ, POLL_WRITE } from "../../platforms/contract/platform.ts";
import { type Case, modeText } from "../support/poller_bench.ts";

/** No descriptor has this number. */
const NO_DESCRIPTOR = 1_000_000;

/** The cases, by what they show. */
export const EVENT_CASES: Readonly<Record<string, Case>> = {
  "add: a connection is writable from the start": (b) => {
    const [a] = b.pair();
    b.open(a, 3, 7);
    b.system.want(b.poller, a, "write");
    let sequence = -1;
    for (; sequence < 0;) for (const each of b.poll(1e9)) sequence = each.sequence;
    assert.equal(sequence, 7);
  },

  "add: events from before are reported": (b) => {
    const [a, peer] = b.pair();
    b.send(peer, "x");
    b.open(a, 1, 0);
    b.system.want(b.poller, a, "read");
    b.until(1, POLL_READ);
  },

  "add: a number that is not a descriptor is rejected": (b) => {
    assert.ok(b.poller.open(NO_DESCRIPTOR, 1, 0) < 0);
  },

  "add: a registered descriptor is rejected, and stays registered": (b) => {
    const [a, peer] = b.pair();
    b.open(a, 1, 0);
    b.settle();
    assert.ok(b.poller.open(a, 2, 0) < 0);
    b.system.want(b.poller, a, "read");
    b.send(peer, "x");
    b.until(1, POLL_READ);
    assert.equal(b.quiet(2), 0);
  },

  "edge: each arrival is reported once": (b) => {
    const [a, peer] = b.pair();
    b.open(a, 1, 0);
    b.settle();
    for (const text of ["one", "two", "three"]) {
      b.system.want(b.poller, a, "read");
      b.send(peer, text);
      b.until(1, POLL_READ);
      assert.equal(modeText(b.quiet(1) & POLL_READ), "nothing", "told again, with nothing new");
      assert.equal(b.recv(a), text);
    }
  },

  "edge: an arrival before the last was read is reported as well": (b) => {
    const [a, peer] = b.pair();
    b.open(a, 1, 0);
    b.settle();
    for (const text of ["one", "two"]) {
      b.system.want(b.poller, a, "read");
      b.send(peer, text);
      b.until(1, POLL_READ);
    }
    assert.equal(b.recv(a), "onetwo");
  },

  "close: nothing is reported any more": (b) => {
    const [a, peer] = b.pair();
    b.open(a, 1, 0);
    b.settle();
    assert.equal(b.poller.close(a), 0);
    b.send(peer, "x");
    assert.equal(b.quiet(1), 0);
    assert.equal(b.recv(a), "x", "the descriptor itself goes on");
  },

  "close: a descriptor that is not registered is rejected": (b) => {
    const [a] = b.pair();
    assert.ok(b.poller.close(a) < 0);
    b.open(a, 1, 0);
    assert.equal(b.poller.close(a), 0);
    assert.ok(b.poller.close(a) < 0);
  },

  "close: the descriptor can be added again": (b) => {
    const [a, peer] = b.pair();
    for (const slot of [1, 2, 3]) {
      b.open(a, slot, slot);
      b.system.want(b.poller, a, "read");
      b.send(peer, "x");
      b.until(slot, POLL_READ);
      assert.equal(b.recv(a), "x");
      assert.equal(b.poller.close(a), 0);
    }
  },

  "reopen: the same number is another descriptor": (b) => {
    const listener = b.listener();
    const [a, peer] = b.pair(listener);
    b.open(a, 1, 0);
    b.settle();
    b.send(peer, "for the old one");
    assert.equal(b.poller.close(a), 0);
    b.close(a);
    const spare: number[] = [];
    let again = b.socket();
    for (; again !== a && spare.length < 100; again = b.socket()) spare.push(again);
    assert.equal(again, a, "the number is given out again");
    const [, newPeer] = b.connect(again, listener);
    b.open(again, 2, 5);
    b.system.want(b.poller, again, "read");
    b.send(newPeer, "new");
    b.until(2, POLL_READ);
    assert.equal(b.quiet(1), 0);
    assert.equal(b.recv(again), "new");
  },

  "late: an event pending at the close is never reported for another descriptor": (b) => {
    const [a, peer] = b.pair();
    b.open(a, 1, 10);
    b.settle();
    b.system.want(b.poller, a, "read");
    b.send(peer, "x");
    assert.equal(b.poller.close(a), 0);
    b.open(a, 1, 11);
    b.system.want(b.poller, a, "read");
    const seen = [...b.poll(1e9), ...b.poll(20e6)];
    assert.ok(seen.length > 0);
    for (const { sequence } of seen) assert.equal(sequence, 11);
  },

  "both: a reader and a writer are notified": (b) => {
    const [a, peer] = b.pair();
    b.open(a, 1, 0);
    const sent = b.fill(a);
    b.settle();
    b.system.want(b.poller, a, "read");
    b.send(peer, "x");
    b.until(1, POLL_READ);
    b.system.want(b.poller, a, "write");
    b.drain(peer, sent);
    b.until(1, POLL_WRITE);
  },

  "EOF: reported while data is left, which can be read": (b) => {
    const [a, peer] = b.pair();
    b.open(a, 1, 0);
    b.settle();
    b.system.want(b.poller, a, "read");
    b.send(peer, "the last");
    assert.equal(b.system.sockets.shutdown(peer, "write"), 0);
    b.until(1, POLL_READ | b.hangup);
    assert.equal(b.recv(a), "the last");
    assert.equal(b.recv(a), "");
  },

  "EOF: the other direction continues": (b) => {
    const [a, peer] = b.pair();
    b.open(a, 1, 0);
    b.settle();
    b.system.want(b.poller, a, "read");
    assert.equal(b.system.sockets.shutdown(peer, "write"), 0);
    b.until(1, POLL_READ | b.hangup);
    b.settle();
    const sent = b.fill(a);
    b.settle();
    b.system.want(b.poller, a, "write");
    b.drain(peer, sent);
    b.until(1, POLL_WRITE);
  },

  "shutdown: one's own is not a hang-up, and reading continues": (b) => {
    const [a, peer] = b.pair();
    b.open(a, 1, 0);
    b.settle();
    assert.equal(b.system.sockets.shutdown(a, "write"), 0);
    b.settle();
    b.system.want(b.poller, a, "read");
    b.send(peer, "x");
    assert.equal(b.until(1, POLL_READ) & POLL_HANGUP, 0);
    assert.equal(b.recv(a), "x");
  },

  "reset: both directions are notified, and a call returns the error": (b) => {
    const [a, peer] = b.pair();
    b.open(a, 1, 0);
    b.fill(a);
    b.settle();
    b.system.want(b.poller, a, "read");
    b.system.want(b.poller, a, "write");
    assert.equal(b.system.sockets.setLinger(peer, 0), 0);
    b.close(peer);
    b.until(1, POLL_READ | POLL_WRITE | b.hangup);
    const { sockets } = b.system;
    assert.ok(sockets.recv(a, new Uint8Array(1), 1) < 0, "the error is there to be seen");
  },

  "connect: a refused one notifies the writer": (b) => {
    const { sockets, errno } = b.system;
    const listener = b.listener();
    const address = sockets.localAddress(listener);
    b.close(listener);
    const fd = b.socket();
    const done = sockets.connect(fd, address as Uint8Array<ArrayBuffer>);
    if (done !== -errno.EINPROGRESS) return assert.ok(done < 0);
    b.open(fd, 1, 0);
    b.system.want(b.poller, fd, "write");
    b.until(1, POLL_WRITE);
    assert.ok(sockets.getOption(fd, "SO_ERROR") > 0);
  },

  "accept: a listener is notified of each arrival": (b) => {
    const listener = b.listener();
    b.open(listener, 1, 0);
    b.settle();
    for (let i = 0; i < 3; i++) {
      b.system.want(b.poller, listener, "read");
      b.dial(b.socket(), listener);
      b.until(1, POLL_READ);
      b.accept(listener);
    }
  },
};
