/** The goldens on CUDA: whole trajectories of hyperparameter optimisation, glocal estimates through cuSOLVER included. */
import { provideCuda } from "./device.js";

provideCuda();

await import("../golden/hpo.test.js");
await import("../golden/reweight.test.js");
