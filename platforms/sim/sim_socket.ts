// SPDX-License-Identifier: MIT
/** What all simulated sockets have in common. */
import type { IntOption, RawAddress, ShutdownHow } from "../contract/sockets.ts";
import type { PacketOption, UnixType } from "../contract/packets.ts";
import { NetEvent } from "./event_heap.ts";
import { EINVAL, EOPNOTSUPP } from "./errno.ts";
import type { Kernel, OpenFile } from "./kernel.ts";
import type { Registration } from "./poller.ts";

const NO_ADDRESS: RawAddress = new Uint8Array(0);

/** Names of the options that sockets keep. */
export type SocketOption = IntOption | PacketOption;

/** A report of the poller that is late. */
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

/** An error, and what comes of asking for it. */
export abstract class SimSocket implements OpenFile {
  readonly station: Kernel;
  references = 0;
  readonly registrations: Registration[] = [];
  abstract readonly domain: "ip4" | "ip6" | "unix";
  abstract readonly type: UnixType;
  /** Seconds to linger in close; -1 for not. */
  lingerSeconds = -1;
  protected readonly options = new Map<SocketOption, number>();
  /** The error that the next call reports, or 0. */
  protected error = 0;

  constructor(station: Kernel) {
    this.station = station;
  }

  /** Bits of PollSink that hold now. */
  abstract readonly mode: number;
  /** Its own address. */
  abstract readonly localAddress: RawAddress | number;
  /** Its peer's address, or minus an errno. */
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

  /** The next connection, or minus an errno. */
  accept(): SimSocket | number {
    return -EINVAL;
  }

  /** The first in the queue of connections has a descriptor now. */
  accepted(): void {}

  /** The peer's address, also of a connection that has failed meanwhile. */
  get peerName(): RawAddress {
    const { remoteAddress } = this;
    return typeof remoteAddress === "number" ? NO_ADDRESS : remoteAddress;
  }

  /** Whether it waits for connections. */
  get listening(): boolean {
    return false;
  }

  /** Bytes sent that the peer has not acknowledged, a FIN counted as one. */
  get unacknowledged(): number {
    return 0;
  }

  /** Bytes that the peer has delivered. */
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

  /** Something between it and its peer ends their connection by a reset. */
  cutOff(): void {}

  /** Has the poller report it. */
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

  /** The pending error, which is then no more. */
  protected takeError(): number {
    const { error } = this;
    this.error = 0;
    return error;
  }
}
