/** The layers of lib/, lowest first: a folder may import from its own row and from the rows above it here. */
const LAYERS = [
  ["errors", "ir"],
  ["ops"],
  ["trace"],
  ["transform"],
  ["reference", "lower"],
  ["native"],
  ["runtime"],
  ["nn", "optim", "data"],
  ["koopman"],
  ["hyper"],
  ["verify"],
  ["study"],
  ["cli"],
];

/** Matches what belongs to the named layers, be it a folder or a single file. */
const inLayers = (names) => `^lib/(${names.join("|")})(/|\\.ts$)`;

const oneWay = LAYERS.slice(0, -1).map((names, row) => ({
  name: `one-way-${names.join("-")}`,
  comment: "Imports point one way: to the layers below.",
  severity: "error",
  from: { path: inLayers(names) },
  to: { path: [inLayers(LAYERS.slice(row + 1).flat()), "^lib/index\\.ts$"] },
}));

const ABOVE_RUNTIME = LAYERS.slice(LAYERS.findIndex((names) => names[0] === "runtime") + 1).flat();

module.exports = {
  forbidden: [
    ...oneWay,
    {
      name: "no-cycles",
      comment: "Two modules that need each other are one module, or want a third.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "runtime-is-the-bridge",
      comment: "Models, optimizers and studies run graphs through lib/runtime only.",
      severity: "error",
      from: { path: inLayers(ABOVE_RUNTIME), pathNot: "^lib/koopman/" },
      to: { path: inLayers(["lower", "native"]) },
    },
    {
      name: "koopman-stands-alone",
      comment: "DMD knows errors, devices and linear algebra, nothing of graphs or training.",
      severity: "error",
      from: { path: "^lib/koopman/" },
      to: { path: "^lib/", pathNot: "^lib/(koopman/|errors\\.ts$|native/|runtime/device\\.ts$)" },
    },
    {
      name: "koopman-has-one-bridge",
      comment: "Devices and their linear algebra enter lib/koopman through one folder.",
      severity: "error",
      from: { path: "^lib/koopman/", pathNot: "^lib/koopman/linalg/" },
      to: { path: "^lib/(native|runtime)/" },
    },
    {
      name: "one-loader",
      comment: "Only lib/native loads the addon.",
      severity: "error",
      from: { path: "^lib/", pathNot: "^lib/native/" },
      to: { path: ["node-gyp-build", "\\.node$"] },
    },
    {
      name: "declared-dependencies",
      comment: "What the package imports has to be installed with it.",
      severity: "error",
      from: { path: "^lib/" },
      // ECharts is a peer that may be missing, and here to be tested with.
      to: { dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown"], pathNot: "/echarts/" },
    },
    {
      name: "resolvable",
      comment: "An import that leads nowhere.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    // Imports of types count too: a layer should not even know the names above it.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "types", "default"],
    },
  },
};
