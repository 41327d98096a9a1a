// SPDX-License-Identifier: MIT
/** Base class of simulated sockets. */
import type { IntOption, RawAddress, ShutdownHow } from "../contract/sockets.ts";
import type { PacketOption, UnixType } from "../contract/packets.ts";
import { NetEvent } from "./event_heap.ts";
import { EINVAL, EOPNOTSUPP } from "./errno.ts";
import type { Kernel, OpenFile } from "./kernel.ts";
import type { Registration } from "./poller.ts";

const NO_ADDRESS: RawAddress = new Uint8Array(0);

/** Options that sockets store. */
export type SocketOption = IntOption | PacketOption;

/** A late report of the poller. */
class LateReport extends NetEvent {
  readonly #report: () => void;

  constructor(report: () => void) {
    super();
    this.#report = report;
  }

  override fire(): void {
    this.#report();
  }
}

/** An error, and its effect when reported. */
export abstract class SimSocket implements OpenFile {
  readonly station: Kernel;
  references = 0;
  readonly registrations: Registration[] = [];
  abstract readonly domain: "ip4" | "ip6" | "unix";
  abstract readonly type: UnixType;
  /** SO_LINGER in seconds; -1 if disabled. */
  lingerSeconds = -1;
  protected readonly options = new Map<SocketOption, number>();
  /** Error that the next call reports, or 0. */
  protected error = 0;

  constructor(station: Kernel) {
    this.station = station;
  }

  /** Current readiness bits, as in PollSink. */
  abstract readonly mode: number;
  /** Local address, or minus an errno. */
  abstract readonly localAddress: RawAddress | number;
  /** Remote address, or minus an errno. */
  abstract readonly remoteAddress: RawAddress | number;

  abstract bind(address: RawAddress): number;
  abstract connect(address: RawAddress): number;
  abstract recv(buffer: Uint8Array, length: number): number;
  abstract send(buffer: Uint8Array, length: number): number;
  abstract shutdown(how: ShutdownHow): number;
  abstract closed(): void;

  listen(_backlog: number): number {
    return -EOPNOTSUPP;
  }

  /** Returns the next connection, or minus an errno. */
  accept(): SimSocket | number {
    return -EINVAL;
  }

  /** Called when the first connection of the queue has a descriptor. */
  accepted(): void {}

  /** Remote address, even if the connection has failed since. */
  get peerName(): RawAddress {
    const { remoteAddress } = this;
    return typeof remoteAddress === "number" ? NO_ADDRESS : remoteAddress;
  }

  /** Whether it listens. */
  get listening(): boolean {
    return false;
  }

  /** Number of sent but unacknowledged bytes, counting a FIN as one. */
  get unacknowledged(): number {
    return 0;
  }

  /** Number of bytes received from the peer. */
  get delivered(): number {
    return 0;
  }

  getOption(option: SocketOption): number {
    if (option === "SO_ERROR") return this.takeError();
    return this.options.get(option) ?? 0;
  }

  setOption(option: SocketOption, value: number): number {
    this.options.set(option, value);
    return 0;
  }

  /** Resets the connection from outside, like a firewall. */
  cutOff(): void {}

  /** Makes the poller report it. */
  wake(): void {
    if (this.registrations.length === 0) return;
    const { poller } = this.station.network;
    const { faults, world } = this.station;
    if (faults?.happens("spurious")) {
      world.schedule(new LateReport(() => poller.wake(this.registrations, true)), faults.delay());
    }
    const delay = faults === null ? 0 : faults.delay();
    if (delay === 0) poller.wake(this.registrations);
    else world.schedule(new LateReport(() => poller.wake(this.registrations)), delay);
  }

  /** Has the next call report `errno`, which one that had done something could not. recvmmsg(2). */
  keepError(errno: number): void {
    this.error = errno;
  }

  /** Returns and clears the pending error. */
  protected takeError(): number {
    const { error } = this;
    this.error = 0;
    return error;
  }
}
