// SPDX-License-Identifier: MIT
/**
 * Closing what the program before this one left open in the same process. `deno run --watch-hmr`
 * restarts a program on the same thread without any event.
 *
 * The kernel keeps the list that is needed: /proc/self/fdinfo shows each descriptor of an epoll with
 * the inode of its file, and the data that it was added with. So a poller's eventfd is added with a
 * mark, of the thread and of the program. A thread of Deno has one program at a time: an epoll with the
 * mark of this thread and another program belongs to a program that is dead.
 */
import type { JsRuntime } from "../contract/platform.ts";
import { F_GETFL, O_ACCMODE, O_CLOEXEC, O_NONBLOCK, O_RDONLY, O_RDWR } from "./constants.ts";
import { wakeEventfd } from "./epoll.ts";
import type { Libc } from "./libc.ts";

/**
 * Two data words of a poller's eventfd. The first is negative, and tells the thread; the second tells
 * the program, and is negative too, as the upper half of an address never is.
 */
export interface ProgramMark {
  readonly thread: number;
  readonly program: number;
}

/** A program opens its poller early: pollers are looked for below this number. */
const SEARCHED = 1024;
/** The search ends after so many numbers in a row that are not open. */
const GAP = 64;

/** Returns the mark of this thread's program; null if the thread or the program has no number. */
export function programMark({ symbols }: Libc, { programId }: JsRuntime): ProgramMark | null {
  const program = programId?.() ?? null;
  return symbols.gettid === null || program === null
    ? null
    : { thread: ~symbols.gettid(), program };
}

/** What /proc/self/fdinfo lists of an epoll. */
interface Registered {
  readonly fd: number;
  readonly inode: string;
  readonly mark: ProgramMark;
}

/** Closes the pollers of this thread's former programs, and all that is registered with them. */
export function closeFormerPrograms(libc: Libc, own: ProgramMark): void {
  const { fcntl } = libc.symbols;
  const reader = new InfoReader(libc);
  for (let fd = 3, gap = 0; fd < SEARCHED && gap < GAP; fd++) {
    // Fails if the descriptor is not open.
    const flags = fcntl(fd, F_GETFL, 0);
    gap = flags < 0 ? gap + 1 : 0;
    // Sockets and pipes are non-blocking, files are open for one direction: an epoll is neither.
    if (flags < 0 || (flags & (O_ACCMODE | O_NONBLOCK)) !== O_RDWR) continue;
    const entries = registered(reader.read(fd));
    const eventfd = entries.find(({ mark }) =>
      mark.thread === own.thread && mark.program < 0 && mark.program !== own.program
    );
    if (eventfd !== undefined) closePoller(libc, reader, fd, eventfd, entries);
  }
}

function closePoller(
  libc: Libc,
  reader: InfoReader,
  epoll: number,
  eventfd: Registered,
  entries: readonly Registered[],
): void {
  const { close } = libc.symbols;
  // Linux before 5.14 does not tell what may be closed.
  if (inodeOf(reader.read(eventfd.fd)) === "") return;
  for (const { fd, inode } of entries) {
    // All eventfds and epolls share one inode, which says nothing about whose they are.
    if (inode === eventfd.inode) continue;
    // Another inode: the number is another file's by now.
    if (inodeOf(reader.read(fd)) === inode) close(fd);
  }
  // Another thread may wait for the poller.
  wakeEventfd(libc, eventfd.fd);
  close(eventfd.fd);
  close(epoll);
}

/** Reads what /proc/self/fdinfo shows. A program's start waits for it, so it allocates once. */
class InfoReader {
  readonly #symbols: Libc["symbols"];
  readonly #bytes = new Uint8Array(new ArrayBuffer(4096));
  readonly #encoder = new TextEncoder();

  constructor({ symbols }: Libc) {
    this.#symbols = symbols;
  }

  /** Returns the text about a descriptor, "" if there is none. */
  read(fd: number): string {
    const { open, read, close } = this.#symbols;
    const bytes = this.#bytes;
    const path = this.#encoder.encode(`/proc/self/fdinfo/${fd}\0`);
    const file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return "";
    let text = "";
    for (let count; (count = read(file, bytes, bytes.length)) > 0;) {
      // ASCII, of 4096 characters at most: cheaper than the first TextDecoder of a program.
      text += String.fromCharCode(...bytes.subarray(0, count));
    }
    close(file);
    return text;
  }
}

/** Returns the inode of the descriptor itself, in hexadecimal digits; "" on Linux before 5.14. */
function inodeOf(info: string): string {
  const inode = /^ino:\s*(\d+)$/m.exec(info)?.[1];
  return inode === undefined ? "" : Number(inode).toString(16);
}

/** Returns what an epoll watches; nothing for any other descriptor. */
function registered(info: string): Registered[] {
  // Spares most programs the compilation of the expression below.
  if (!mayHaveMark(info)) return [];
  const lines = info.matchAll(/^tfd:\s*(\d+) events:\s*\w+ data:\s*(\w+)\s+pos:\w+ ino:(\w+) /gm);
  return Array.from(lines, ([, fd, data, inode]) => {
    const words = data.padStart(16, "0");
    const word = (at: number) => parseInt(words.slice(at, at + 8), 16) | 0;
    return { fd: Number(fd), inode, mark: { program: word(0), thread: word(8) } };
  });
}

/**
 * Whether an epoll watches a descriptor with data of 16 digits, as a mark has: smaller numbers, and so
 * addresses, are padded with blanks.
 */
function mayHaveMark(info: string): boolean {
  const label = " data: ";
  for (let at = info.indexOf(label); at >= 0; at = info.indexOf(label, at + 1)) {
    if (info[at + label.length] !== " ") return true;
  }
  return false;
}
