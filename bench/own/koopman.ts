/** Times the fit by the paper's rule of a trajectory of ten hypergradients, the same one as `peers/koopman_numpy.py` has. */
import { glocal } from "../../lib/index.js";
import { SETTING } from "../setting.js";
import { timeMs } from "../timing.js";
import { printFigure } from "./figure.js";
import { requested } from "./request.js";

const { features } = requested<{ features: number }>();
const { window, last: points, stacks, tolerance, rcond } = SETTING;
const data = Float64Array.from({ length: points * features }, (_, i) => {
  const [time, entry] = [Math.floor(i / features), i % features];
  const modes =
    Math.sin(entry + 1) + 0.8 ** time * Math.cos(3 * entry) + 0.3 ** time * Math.sin(5 * entry);
  return modes + 1e-3 * Math.sin(29 * time * time + 31 * entry);
});
const estimator = glocal.paper({ window, last: points, stacks, tolerance, rcond });
const estimate = () => estimator.estimate({ data, points, size: features, stepsLeft: 0 });
printFigure(timeMs(estimate, 500));
