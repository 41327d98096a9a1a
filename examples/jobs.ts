// SPDX-License-Identifier: MIT
/** The jobs of pool.ts: what is loaded into each worker. */
import { jobCancelled } from "../reactor.ts";

/** Number of primes below `limit`. Stops when its job is canceled. */
export function countPrimes(limit: number): number {
  if (!Number.isInteger(limit) || limit < 0) throw new RangeError(`no limit: ${limit}`);
  let count = 0;
  for (let n = 2; n < limit && !jobCancelled(); n++) if (isPrime(n)) count++;
  return count;
}

function isPrime(n: number): boolean {
  for (let divisor = 2; divisor * divisor <= n; divisor++) if (n % divisor === 0) return false;
  return true;
}
