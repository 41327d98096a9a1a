// SPDX-License-Identifier: MIT

/** A request that cannot be answered as it was meant: the status and the text of the answer. */
export class HttpError extends Error {
  override readonly name = "HttpError";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}
