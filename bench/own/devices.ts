/** Prints what `devices()` says: in a process of its own, since what it finds depends on the environment it starts with. */
import { devices } from "../../lib/index.js";

console.log(JSON.stringify(devices()));
