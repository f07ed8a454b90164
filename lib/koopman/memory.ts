/** How much memory there is. */

import { totalmem } from "node:os";

/** Of the machine, or of the container that the process is in. */
export function memoryBytes(): number {
  const limit = process.constrainedMemory?.() ?? 0;
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}
