/** Training steps of a model as a study lowers them, without a device: to time and to count their kernels. */
import { Problem } from "../lib/hyper/problem.js";
import { examplesOf } from "../lib/hyper/resident.js";
import { adjointStep, plainStep, StepInputs, tangentStep } from "../lib/hyper/step-programs.js";
import { learn, nn, ops, optim } from "../lib/index.js";
import type { HostArray } from "../lib/ir/array.js";
import type { Tensor } from "../lib/ir/graph.js";
import { flatten, type TreeDef } from "../lib/ir/tree.js";
import { type Shape, sizeOf } from "../lib/ir/types.js";
import { lower } from "../lib/lower/lower.js";
import type { Program } from "../lib/lower/program.js";
import { literal } from "../lib/ops/constant.js";
import { isTensor, traceFlat } from "../lib/trace/trace.js";
import { tracedValueAndGrad } from "../lib/transform/grad.js";
import { reweighting, weightNetwork } from "./reweighting.js";
import { SETTING } from "./setting.js";

const FASHION = { example: [28, 28, 1], rows: 54_000 };
const CIFAR = { example: [32, 32, 3], rows: 4_096 };

/** What can be trained, how, and on which shape of an example and how many of them. */
const MODELS = {
  lenet: { model: () => nn.lenet(), problem: withSgd, ...FASHION },
  "wrn-28-2": { model: () => nn.wideResnet(28, 2), problem: withSgd, ...CIFAR },
  "wrn-16-2": { model: () => nn.wideResnet(16, 2), problem: withSgd, ...CIFAR },
  reweighting: { model: () => nn.wideResnet(16, 2), problem: withWeights, ...CIFAR },
} as const;

export type ModelName = keyof typeof MODELS;
export const MODEL_NAMES = Object.keys(MODELS) as ModelName[];

/** Shapes of a model's parameters, and their tree. */
function parametersOf(model: nn.Model): { shapes: readonly Shape[]; tree: TreeDef } {
  let tree: TreeDef | undefined;
  const graph = traceFlat([], () => {
    const key = literal({ data: new Int32Array(2), shape: [2] });
    const [leaves, def] = flatten(model.init({ key, dtype: "float32" }), isTensor);
    tree = def;
    return leaves;
  });
  return { shapes: graph.outputs.map((leaf) => leaf.shape), tree: tree as TreeDef };
}

const zeros = (shape: Shape): HostArray => ({
  data: new Float32Array(sizeOf(shape)),
  shape,
});

/** Momentum and weight decay, learned with the rate. Programs depend on shapes alone, so blank parameters do. */
function withSgd(model: nn.Model): Problem {
  const { shapes, tree } = parametersOf(model);
  const blank = () => shapes.map(zeros);
  const inner = optim.sgd({
    lr: learn.sigmoid(0.1),
    momentum: learn.sigmoid(SETTING.momentum),
    weightDecay: learn.sigmoid(SETTING.weightDecay),
  });
  const losses = (
    params: nn.Params,
    { x, y }: { x: Tensor; y: Tensor },
    context: nn.ApplyContext,
  ) => nn.softmaxCrossEntropy(model.apply(params, x, context), y);
  const state = { params: tree.rebuild(blank()), optimizer: { momentum: blank() } };
  return new Problem(state, inner.hyper, {
    step: (now, hyper, examples, context) => {
      const objective = (params: nn.Params) => ops.mean(losses(params, examples, context));
      const [value, gradient] = tracedValueAndGrad(objective, [now.params], 0);
      context.report("loss", value);
      const next = inner.update({
        params: flatten(now.params, isTensor)[0],
        grads: flatten(gradient, isTensor)[0],
        state: now.optimizer,
        hyper,
        step: context.step,
      });
      return { params: tree.rebuild(next.params), optimizer: next.state };
    },
    criterion: (now, _, examples, context) => losses(now.params, examples, context),
  });
}

/** Every example weighted by a network of its loss. */
function withWeights(model: nn.Model): Problem {
  const { shapes, tree } = parametersOf(model);
  const state = { parameters: shapes.map(zeros), velocity: shapes.map(zeros) };
  return new Problem(state, weightNetwork(zeros), reweighting(model, tree));
}

export interface StepOptions {
  readonly model: ModelName;
  readonly batch: number;
  readonly lanes: number;
}

/**
 * Steps on batches of a model's examples, by what they carry along: nothing, tangents or adjoints in
 * so many lanes. Built when asked for.
 */
export function stepGraphs({ model: name, batch, lanes }: StepOptions) {
  const { model, problem: problemOf, example, rows } = MODELS[name];
  const problem = problemOf(model());
  const data = { x: zeros([rows, ...example]), y: { data: new Int32Array(rows), shape: [rows] } };
  const inputs = new StepInputs(problem, examplesOf(data, "training"), batch);
  return {
    plain: () => plainStep(problem, inputs),
    tangents: () => tangentStep(problem, inputs, lanes),
    adjoints: () => adjointStep(problem, inputs, lanes),
  };
}

/** The same, lowered for the CPU. */
export function stepPrograms(options: StepOptions) {
  const graphs = stepGraphs(options);
  const program = ({ graph, options: how }: ReturnType<typeof graphs.tangents>): Program =>
    lower(graph, how).program;
  return {
    plain: () => program(graphs.plain()),
    tangents: () => program(graphs.tangents()),
    adjoints: () => program(graphs.adjoints()),
  };
}
