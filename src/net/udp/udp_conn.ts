// SPDX-License-Identifier: MIT
/** UDP sockets: messages and batches. Go: net/udpsock.go, golang.org/x/net/ipv4. */
import { needObject, shown } from "../../validate/argument.ts";
import { countRead, countWritten } from "../../fd/counters.ts";
import { platform } from "../../../platforms/platform.ts";
import type { ControlRequest } from "../../../platforms/contract/packets.ts";
import type { RawAddress } from "../../../platforms/contract/platform.ts";
import { receiving, sending } from "../../fd/datagram.ts";
import { checkBytes, lengthNow, lengthOf, viewOf } from "../../fd/check_bytes.ts";
import type { Routine } from "../../sched/goroutine.ts";
import type { Cancel } from "../../context/cancellable.ts";
import type { UDPAddr } from "../addr/addr.ts";
import { OpError } from "../errors.ts";
import { fit, formatIP, parseIP } from "../addr/ip.ts";
import { PacketBatch } from "./packet_batch.ts";
import type { TakenMessage } from "../socket/read_ahead.ts";
import { scratchMessage } from "../socket/scratch_messages.ts";
import type { SendInfo, UDPConn, UDPMessage } from "./udp.ts";
import type { UDPFD } from "./udp_fd.ts";
import { UDPOptions } from "./udp_options.ts";
import { notesCalls } from "../../sched/noted_methods.ts";
import { withProgress } from "../../sched/progress.ts";

/** Maximum length of a UDP datagram; a larger part of the buffer is not needed. */
const LONGEST = 65535;
/** Maximum of segments and bytes that the kernel segments in one call. udp(7), UDP_SEGMENT. */
const MOST_SEGMENTS = 64;
const MOST_SEGMENTED = 65000;

/** Progress of a write, for the error of a failed or canceled one. */
interface BytesWritten {
  bytesWritten: number;
}

/** Destination and ancillary data of a message. */
interface Envelope {
  readonly address: RawAddress | null;
  readonly control: ControlRequest | null;
}

/** See {@linkcode UDPConn}. */
export class UDPSocket extends UDPOptions implements UDPConn {
  /** Created once, like those of DatagramConn. */
  readonly #receiveMessage: (p: Uint8Array) => number;
  /** What that received, until anything else runs. */
  #taken: TakenMessage | null = null;
  readonly #sendMessage: (p: Uint8Array, envelope: Envelope) => number;
  readonly #receiveBatch: (batch: PacketBatch) => number;

  /** @internal */
  constructor(fd: UDPFD) {
    super(fd, fd.ahead, fd.coalesced);
    const { sysfd, ahead } = fd;
    this.#receiveMessage = (p) => {
      const length = Math.min(lengthNow("read", p), LONGEST);
      this.#taken = ahead.take();
      if (this.#taken !== null) return 0;
      const messages = scratchMessage(length);
      this.#taken = { messages, index: 0 };
      return messages.receive(sysfd, 1, length);
    };
    this.#sendMessage = (p, envelope) => {
      const held = fd.sendHeld();
      return held < 0 ? held : sendMessage(sysfd, p, envelope);
    };
    this.#receiveBatch = (batch) => batch.receive(sysfd, ahead);
  }

  /** See {@linkcode UDPConn.readMsg}. */
  readMsg(p: Uint8Array, cancel?: Cancel): Routine<UDPMessage> {
    checkBytes("read", p);
    return this.netFD.cancellable("read", this.#readMsg(p), cancel);
  }

  *#readMsg(p: Uint8Array): Routine<UDPMessage> {
    if (this.leftBehind) this.#receiveMessage(p);
    else yield* receiving(this.netFD, "recvmsg", this.#receiveMessage, p, undefined);
    const { messages, index } = this.#taken!;
    const length = messages.lengths[index];
    const n = countRead(Math.min(length, lengthOf(p)));
    const start = index * messages.size;
    p.set(messages.data.subarray(start, start + n));
    const { destination, interfaceIndex, segmentSize } = messages.control(index);
    return {
      n,
      addr: this.nameAddr(messages.name(index)),
      truncated: n < length || messages.truncated(index),
      destination: destination === null ? null : formatIP(destination),
      interfaceIndex,
      segmentSize,
    };
  }

  /** See {@linkcode UDPConn.writeMsg}. */
  writeMsg(
    p: Uint8Array,
    addr: UDPAddr | null,
    info: SendInfo,
    cancel?: Cancel,
  ): Routine<number> {
    checkBytes("write", p);
    needObject("write", "info", info);
    const progress = { bytesWritten: 0 };
    const call = withProgress(this.#writeMsg(p, addr, info, progress), () => progress);
    return this.netFD.cancellable("write", call, cancel, progress);
  }

  *#writeMsg(
    p: Uint8Array,
    addr: UDPAddr | null,
    info: SendInfo,
    progress: BytesWritten,
  ): Routine<number> {
    const { segmentSize } = info;
    const request = this.#request(info);
    try {
      const address = addr === null ? null : this.destination(addr);
      if (segmentSize === undefined) {
        return yield* this.#sendOne(p, { address, control: request });
      }
      return yield* this.#sendSegments(p, segmentSize, address, request, progress);
    } catch (error) {
      const failure = addr === null ? error : this.addressed(error, addr);
      throw failure instanceof OpError ? Object.assign(failure, progress) : failure;
    }
  }

  /** See {@linkcode UDPConn.writeSegments}. */
  writeSegments(
    p: Uint8Array,
    segmentSize: number,
    addr: UDPAddr | null = null,
    cancel?: Cancel,
  ): Routine<number> {
    return this.writeMsg(p, addr, { segmentSize: segmentSize ?? 0 }, cancel);
  }

  /** See {@linkcode UDPConn.readBatch}. */
  readBatch(batch: PacketBatch, cancel?: Cancel): Routine<number> {
    const call = this.leftBehind
      ? leftBatch(this.#receiveBatch, checked(batch))
      : receiving(this.netFD, "recvmmsg", this.#receiveBatch, checked(batch), undefined);
    return this.netFD.cancellable("read", call, cancel);
  }

  /** See {@linkcode UDPConn.writeBatch}. */
  writeBatch(
    batch: PacketBatch,
    count: number = checked(batch).count,
    cancel?: Cancel,
  ): Routine<number> {
    if (!(Number.isInteger(count) && count >= 0 && count <= checked(batch).count)) {
      throw new RangeError(
        `Cannot write a batch as count must be an integer from 0 to ${batch.count}: ` +
          `current value is ${shown(count)}`,
      );
    }
    const progress = { messagesWritten: 0 };
    const call = withProgress(this.#writeBatch(batch, count, progress), () => progress);
    return this.netFD.cancellable("write", call, cancel, progress);
  }

  *#writeBatch(
    batch: PacketBatch,
    count: number,
    progress: { messagesWritten: number },
  ): Routine<number> {
    const { sysfd, family, cuts } = this.netFD;
    const named = this.netFD.remoteAddr === null;
    batch.prepare(count, named ? family : null);
    // A partial send does not mean that there is no room: the next datagram may be in error, and
    // the next call reports it.
    const attempt = () => {
      const held = this.netFD.sendHeld();
      if (held < 0) return held;
      const sent = progress.messagesWritten;
      const n = batch.send(sysfd, sent, cuts ? count : batch.nextCut(sent, count), named);
      if (n > 0) progress.messagesWritten += n;
      return n;
    };
    try {
      while (progress.messagesWritten < count) {
        if (cuts || !batch.isCut(progress.messagesWritten)) {
          try {
            yield* sending(this.netFD, "sendmmsg", attempt, undefined, undefined);
            continue;
          } catch (error) {
            if (!isNoOffload(error) || !batch.isCut(progress.messagesWritten)) throw error;
          }
        }
        yield* this.#cut(batch, progress.messagesWritten);
        progress.messagesWritten++;
      }
      return count;
    } catch (error) {
      throw error instanceof OpError ? Object.assign(error, progress) : error;
    }
  }

  /** Sends datagram `i` of a batch, segmented here. */
  *#cut(batch: PacketBatch, i: number): Routine<void> {
    const addr = this.netFD.remoteAddr === null ? batch.addr(i) : null;
    const address = addr === null ? null : this.encode(addr);
    const cut = { bytesWritten: 0 };
    yield* this.#sendCut(batch.bytes(i), batch.segmentSize(i), address, null, cut);
  }

  /** Sends with kernel segmentation, as much per call as it accepts. */
  *#sendSegments(
    p: Uint8Array,
    size: number,
    address: RawAddress | null,
    request: ControlRequest | null,
    progress: BytesWritten,
  ): Routine<number> {
    const most = Math.max(1, Math.min(MOST_SEGMENTS, Math.floor(MOST_SEGMENTED / size))) * size;
    const length = lengthOf(p);
    for (let at = 0; at === 0 || at < length; at += most) {
      const part = viewOf(p, at, Math.min(at + most, length));
      if (part.length > size) yield* this.#sendPart(part, size, address, request, progress);
      else {
        yield* this.#sendOne(part, { address, control: request });
        progress.bytesWritten += part.length;
      }
    }
    return length;
  }

  *#sendPart(
    part: Uint8Array,
    size: number,
    address: RawAddress | null,
    request: ControlRequest | null,
    progress: BytesWritten,
  ): Routine<void> {
    if (!this.netFD.cuts) return yield* this.#sendCut(part, size, address, request, progress);
    try {
      yield* this.#sendOne(part, { address, control: { ...request, segmentSize: size } });
      progress.bytesWritten += part.length;
    } catch (error) {
      if (!isNoOffload(error)) throw error;
      yield* this.#sendCut(part, size, address, request, progress);
    }
  }

  /** Segments in user space, where the kernel or the network device cannot. */
  *#sendCut(
    p: Uint8Array,
    size: number,
    address: RawAddress | null,
    control: ControlRequest | null,
    progress: BytesWritten,
  ): Routine<void> {
    const length = lengthOf(p);
    for (let at = 0; at < length; at += size) {
      const part = viewOf(p, at, Math.min(at + size, length));
      yield* this.#sendOne(part, { address, control });
      progress.bytesWritten += part.length;
    }
  }

  #sendOne(p: Uint8Array, envelope: Envelope): Routine<number> {
    return sending(this.netFD, "sendmsg", this.#sendMessage, p, envelope);
  }

  /** Converts `info`, except for the segment size, to a ControlRequest. Throws RangeError. */
  #request({ source, interface: on, segmentSize }: SendInfo): ControlRequest | null {
    if (segmentSize !== undefined) checkSegment(segmentSize);
    if (source === undefined && on === undefined) return null;
    const length = this.netFD.family === "ip6" ? 16 : 4;
    const ip = source === undefined ? new Uint8Array(length) : parseIP(source);
    if (ip === null || (length === 4 && ip.length === 16)) {
      throw new RangeError(
        `Cannot send as source must be an IP address of the socket's IP version: ` +
          `current value is ${shown(source)}`,
      );
    }
    const interfaceIndex = on === undefined ? 0 : this.interfaceIndex(on);
    return { source: fit(ip, length), interfaceIndex };
  }
}

/** Reads the datagrams that a detached socket had read ahead. */
// deno-lint-ignore require-yield
function* leftBatch(receive: (batch: PacketBatch) => number, batch: PacketBatch): Routine<number> {
  return receive(batch);
}

function sendMessage(fd: number, p: Uint8Array, { address, control }: Envelope): number {
  const length = lengthNow("write", p);
  if (length > LONGEST) return countWritten(platform().packets.send(fd, p, length));
  const messages = scratchMessage(length);
  messages.data.set(p);
  messages.lengths[0] = length;
  messages.setName(0, address);
  messages.setControl(0, control);
  const done = messages.send(fd, 0, 1, address !== null);
  return done < 0 ? done : countWritten(length);
}

function checkSegment(size: number): void {
  if (Number.isInteger(size) && size > 0) return;
  throw new RangeError(
    `Cannot segment as segmentSize must be a positive integer: ` +
      `current value is ${shown(size)}`,
  );
}

function checked(batch: unknown): PacketBatch {
  if (batch instanceof PacketBatch) return batch;
  throw new TypeError(
    `Cannot read or write a batch as batch must be a PacketBatch: current value is ${shown(batch)}`,
  );
}

/** Errors of kernels that cannot segment at all, into this size, or on this device. */
const NO_OFFLOAD = new Set(["EINVAL", "EIO", "EOPNOTSUPP", "ENOPROTOOPT"]);

function isNoOffload(error: unknown): boolean {
  return error instanceof OpError && !error.earlierDatagram && NO_OFFLOAD.has(error.code);
}

notesCalls(
  UDPSocket.prototype,
  "conn",
  "readMsg",
  "writeMsg",
  "writeSegments",
  "readBatch",
  "writeBatch",
);
