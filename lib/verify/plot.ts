/** Verifications as SVG, by ECharts, which draws without a browser. */
import { GlocalError } from "../errors.js";
import type { Verification } from "./types.js";

const SIZE = { width: 900, height: 640 };

/** Imported where a plot is wanted: the package works without it. */
async function echarts() {
  try {
    const [core, charts, components, renderers] = await Promise.all([
      import("echarts/core"),
      import("echarts/charts"),
      import("echarts/components"),
      import("echarts/renderers"),
    ]);
    core.use([
      charts.LineChart,
      components.GridComponent,
      components.LegendComponent,
      components.TitleComponent,
      renderers.SVGRenderer,
    ]);
    return core;
  } catch (cause) {
    throw new GlocalError("GLOCAL_BAD_OPTION", {
      expected: "ECharts, which draws the plots",
      received: (cause as Error).message,
      hint: "npm install echarts, or do without the plots.",
    });
  }
}

/** Cosines on top, relative errors below, both over the points along training and T. */
export async function plot(
  title: string,
  { truths, comparisons }: Verification,
  estimators: readonly string[],
): Promise<string> {
  const core = await echarts();
  const chart = core.init(null, null, { renderer: "svg", ssr: true, ...SIZE });
  const of = (estimator: string, value: "cosine" | "error") =>
    truths.map(({ start, horizon }) => {
      const found = comparisons.find(
        (c) => c.estimator === estimator && c.start === start && c.horizon === horizon,
      );
      return found?.[value] ?? null;
    });
  const line = (name: string, panel: 0 | 1, data: readonly (number | null)[]) => ({
    name,
    type: "line" as const,
    xAxisIndex: panel,
    yAxisIndex: panel,
    data: [...data],
    symbolSize: 6,
  });
  const ceilings = truths.map(({ ceiling }) => ceiling);
  const places = truths.map(({ start, horizon }) => `${start} → ${horizon}`);
  const axis = (panel: 0 | 1, name: string) => ({
    type: "category" as const,
    gridIndex: panel,
    data: places,
    name,
    nameLocation: "middle" as const,
    nameGap: 28,
  });
  chart.setOption({
    animation: false,
    backgroundColor: "#fff",
    title: { text: title, left: "center", textStyle: { fontSize: 14 } },
    legend: { top: 26, type: "plain", itemGap: 8, textStyle: { fontSize: 11 } },
    grid: [
      { left: 70, right: 20, top: 90, height: 210 },
      { left: 70, right: 20, top: 370, height: 210 },
    ],
    xAxis: [axis(0, ""), axis(1, "window's start → T, in steps")],
    yAxis: [
      { type: "value", gridIndex: 0, min: -1, max: 1, name: "cosine" },
      {
        type: "log",
        gridIndex: 1,
        name: "relative error",
        axisLabel: { formatter: (value: number) => value.toExponential(0) },
      },
    ],
    series: [
      ...estimators.flatMap((name) => [
        line(name, 0, of(name, "cosine")),
        line(
          name,
          1,
          of(name, "error").map((error) => (error === 0 ? null : error)),
        ),
      ]),
      ...(ceilings.some((ceiling) => ceiling !== null)
        ? [{ ...line("ceiling", 0, ceilings), lineStyle: { type: "dashed" as const } }]
        : []),
    ],
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}
