// The part of ECharts that the charts use. esbuild makes `pkg/echarts.js` of it, with the global `echarts`.
// A chart that needs more adds it here; scripts/site.mjs holds the result to its budget.
import { use } from "echarts/core";
import { BarChart, HeatmapChart, LineChart, ScatterChart } from "echarts/charts";
import {
  AriaComponent,
  DataZoomInsideComponent,
  DataZoomSliderComponent,
  GridComponent,
  LegendPlainComponent,
  MarkAreaComponent,
  MarkLineComponent,
  MarkPointComponent,
  TooltipComponent,
  VisualMapContinuousComponent,
  VisualMapPiecewiseComponent,
} from "echarts/components";
// SVG costs 3 kB more than canvas, and stays sharp when zoomed or printed. No chart draws more points than it can carry:
// distributions arrive in bins.
import { SVGRenderer } from "echarts/renderers";

use([
  BarChart, HeatmapChart, LineChart, ScatterChart,
  AriaComponent, DataZoomInsideComponent, DataZoomSliderComponent, GridComponent, LegendPlainComponent,
  MarkAreaComponent, MarkLineComponent, MarkPointComponent, TooltipComponent,
  VisualMapContinuousComponent, VisualMapPiecewiseComponent,
  SVGRenderer,
]);

export { connect, disconnect, getInstanceByDom, init, registerTheme } from "echarts/core";
