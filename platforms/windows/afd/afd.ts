// SPDX-License-Identifier: MIT
/**
 * AFD, the device behind Winsock, which select and WSAPoll use as well: it reports by a packet when
 * a socket is ready, without affecting reads and writes. It is undocumented, but wepoll, libuv and
 * mio rely on it. A request reports once: the current state, or else the first change.
 */
import { PlatformError } from "../../contract/platform.ts";
import { type Operation, PAGE } from "../iocp/overlapped_arena.ts";
import * as C from "../abi/constants.ts";
import { EBADF, ENOTSOCK, ERRNO, errnoText, ntstatusErrno } from "../abi/errno.ts";
import type { Shared } from "../iocp/socket_handle.ts";
import type { CompletionQueue } from "../iocp/completion_port.ts";
import { AFD_POLL_INFO, OBJECT_ATTRIBUTES, UNICODE_STRING } from "../abi/structs.ts";

/** Any name below the device's opens it. */
const NAME = "\\Device\\Afd\\Netpoll";
/** Offsets of the two structures for opening, in a page; the name precedes them. */
const STRING_AT = 256;
const ATTRIBUTES_AT = 512;
/** Infinite timeout. */
const NEVER_LOW = -1;
const NEVER_HIGH = 0x7fffffff;

/** See the top of this file. One per queue. */
export class Afd {
  readonly handle: number;
  readonly #shared: Shared;
  readonly #queue: CompletionQueue;

  /** Opens the device with its packets going to `queue`. Throws PlatformError. */
  constructor(shared: Shared, queue: CompletionQueue) {
    this.#shared = shared;
    this.#queue = queue;
    this.handle = openDevice(shared);
    const done = queue.associate(this.handle);
    if (done === 0) return;
    this.dispose();
    throw failure("CreateIoCompletionPort", -done);
  }

  /** Returns the base socket of `fd`, or minus an errno: EBADF if it is not a socket. */
  base(fd: number): number {
    const { ws2, errno } = this.#shared.winsock;
    const code = C.SIO_BASE_HANDLE;
    const done = ws2.WSAIoctl(fd, code, BASE, 0, BASE, BASE.byteLength, LENGTH, null, null);
    if (done === 0) return BASE[0];
    const failed = errno();
    return failed === ENOTSOCK ? -EBADF : -failed;
  }

  /**
   * Requests the first of `events` of a base socket. 0 if a packet will follow, or minus an errno.
   */
  poll(operation: Operation, info: Int32Array, socket: number, events: number): number {
    info[AFD_POLL_INFO.timeout] = NEVER_LOW;
    info[AFD_POLL_INFO.timeout + 1] = NEVER_HIGH;
    info[AFD_POLL_INFO.count] = 1;
    info[AFD_POLL_INFO.handle] = socket;
    info[AFD_POLL_INFO.events] = events;
    const { overlapped } = operation;
    const { nt } = this.#shared.winsock;
    const status = nt.NtDeviceIoControlFile(
      this.handle,
      null,
      null,
      overlapped,
      overlapped,
      C.IOCTL_AFD_POLL,
      info,
      info.byteLength,
      info,
      info.byteLength,
    );
    if (status < 0) return -ntstatusErrno(status);
    this.#queue.pending++;
    return 0;
  }

  /** Cancels a request; its packet follows nevertheless. */
  cancel(operation: Operation): void {
    this.#shared.winsock.kernel.CancelIoEx(this.handle, operation.overlapped);
  }

  dispose(): void {
    this.#shared.winsock.kernel.CloseHandle(this.handle);
  }
}

/** A SOCKET in memory has 64 bits. */
const BASE = new Int32Array(new ArrayBuffer(8));
const LENGTH = new Int32Array(new ArrayBuffer(4));
const WORD = 2 ** 32;

/** Returns the words of an AFD_POLL_INFO in an operation's room. */
export function pollInfo({ room }: Operation): Int32Array {
  return new Int32Array(room.buffer, room.byteOffset, AFD_POLL_INFO.words);
}

/** Opens the device by name, which only NtCreateFile accepts. */
function openDevice({ arena, winsock }: Shared): number {
  const page = arena.take(PAGE);
  if (page === null) throw failure("VirtualAlloc", ERRNO.ENOBUFS);
  const { data, overlapped } = page;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const putAddress = (at: number, of: number) => {
    const address = arena.addressOf(data) + of;
    view.setUint32(at, address % WORD, true);
    view.setUint32(at + 4, Math.floor(address / WORD), true);
  };
  data.fill(0, 0, ATTRIBUTES_AT + OBJECT_ATTRIBUTES.size);
  for (let i = 0; i < NAME.length; i++) view.setUint16(2 * i, NAME.charCodeAt(i), true);
  view.setUint16(STRING_AT + UNICODE_STRING.length, 2 * NAME.length, true);
  view.setUint16(STRING_AT + UNICODE_STRING.room, 2 * NAME.length, true);
  putAddress(STRING_AT + UNICODE_STRING.pointer, 0);
  view.setUint32(ATTRIBUTES_AT + OBJECT_ATTRIBUTES.length, OBJECT_ATTRIBUTES.size, true);
  putAddress(ATTRIBUTES_AT + OBJECT_ATTRIBUTES.name, STRING_AT);
  const handle = new Int32Array(new ArrayBuffer(8));
  const status = winsock.nt.NtCreateFile(
    handle,
    C.SYNCHRONIZE,
    data.subarray(ATTRIBUTES_AT, ATTRIBUTES_AT + OBJECT_ATTRIBUTES.size),
    overlapped,
    null,
    0,
    C.FILE_SHARE_READ | C.FILE_SHARE_WRITE,
    C.FILE_OPEN,
    0,
    null,
    0,
  );
  arena.give(page);
  if (status < 0) throw failure("NtCreateFile", ntstatusErrno(status));
  return handle[0];
}

function failure(call: string, errno: number): PlatformError {
  const { name, text } = errnoText(errno);
  return new PlatformError(`Cannot open a raw poller: ${call}: ${text}`, name);
}
