/** Every variant by its name. */

import type { Variant } from "../options.js";
import type { Problem } from "../problem.js";
import { affine, exactOrControlled } from "./affine.js";
import { bagged } from "./bagged.js";
import type { VariantFit } from "./fit.js";
import { forwardBackward } from "./forward-backward.js";
import { projected } from "./least-squares.js";
import { optimized } from "./optimized.js";
import { subspace } from "./subspace.js";
import { totalLeastSquares } from "./total-least-squares.js";

export const variants: { readonly [name in Variant]: (problem: Problem) => VariantFit } = {
  exact: exactOrControlled,
  projected,
  hodmd: projected,
  "forward-backward": forwardBackward,
  "total-least-squares": totalLeastSquares,
  affine,
  subspace,
  optimized,
  bagged,
};
