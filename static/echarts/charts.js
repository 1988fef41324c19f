// The parts of ECharts that the charts of Promenade use. The parts in static/js/portal find them as window.echarts.

import { getInstanceByDom, init, use } from "echarts/core";
import { LineChart } from "echarts/charts";
import {
  DatasetComponent, GridComponent, MarkAreaComponent, MarkLineComponent, MarkPointComponent, TooltipComponent,
} from "echarts/components";
import { CanvasRenderer } from "echarts/renderers";

// The axis pointer comes with the grid and with the tooltip.
use([
  CanvasRenderer, DatasetComponent, GridComponent, LineChart, MarkAreaComponent, MarkLineComponent, MarkPointComponent,
  TooltipComponent,
]);

export { getInstanceByDom, init };
