// One theme for every chart, taken from the tokens; a crosshair whose values stand in the chart's head.

import {
  AreaSeries,
  CandlestickSeries,
  CrosshairMode,
  HistogramSeries,
  createChart,
  createSeriesMarkers,
} from "../../vendor/lightweight-charts/lightweight-charts.standalone.production.mjs";

/** The value of a colour token as the canvas understands it. */
export function token(name) {
  const probe = document.createElement("i");
  probe.hidden = true;
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}

function options() {
  const line = token("--line");
  const faint = token("--text-faint");
  const label = token("--accent-to");
  return {
    layout: {
      attributionLogo: false,
      background: { color: "transparent" },
      textColor: faint,
      fontSize: 11,
      fontFamily: getComputedStyle(document.body).fontFamily,
    },
    grid: { vertLines: { visible: false }, horzLines: { color: token("--chart-grid") } },
    rightPriceScale: { borderVisible: false, scaleMargins: { top: 0.12, bottom: 0.1 } },
    timeScale: { borderColor: line, rightOffset: 2, fixLeftEdge: true },
    crosshair: {
      mode: CrosshairMode.Magnet,
      vertLine: { color: faint, width: 1, style: 3, labelBackgroundColor: label },
      horzLine: { color: faint, width: 1, style: 3, labelBackgroundColor: label },
    },
    localization: { locale: "en-GB" },
  };
}

export class Chart {
  /** `container` holds the canvas and names it for screen readers; `paint(chart)` sets the series' colours. */
  constructor(container, paint, extra = {}) {
    this.chart = createChart(container, { autoSize: true, handleScale: { axisPressedMouseMove: false }, ...options(), ...extra });
    this.paint = paint;
    container.setAttribute("role", "img");
    const repaint = () => {
      this.chart.applyOptions(options());
      this.paint();
    };
    document.addEventListener("themechange", repaint);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
  }

  onCrosshair(callback) {
    this.chart.subscribeCrosshairMove((move) => callback(move.time === undefined ? null : move));
  }
}

export const seconds = (at) => Math.floor(Date.parse(at) / 1000);

/** Equity as an area; points are [time, value] in order. */
export class EquityChart extends Chart {
  constructor(container, { onPoint } = {}) {
    super(container, () => this.colour(), { timeScale: { ...options().timeScale, minBarSpacing: 0.01 } });
    // the whole curve stays in sight, also when the room for it changes
    this.chart.timeScale().subscribeSizeChange(() => this.chart.timeScale().fitContent());
    this.series = this.chart.addSeries(AreaSeries, {
      lineWidth: 2,
      priceLineVisible: false,
      crosshairMarkerRadius: 4,
      priceFormat: { type: "custom", minMove: 0.01, formatter: (value) => value.toLocaleString("en-US", { maximumFractionDigits: 0 }) },
    });
    this.colour();
    this.length = 0;
    this.first = null;
    if (onPoint) this.onCrosshair((move) => onPoint(move && { time: move.time, value: move.seriesData.get(this.series)?.value }));
  }

  colour() {
    this.series?.applyOptions({
      lineColor: token("--chart-line"),
      topColor: token("--chart-fill"),
      bottomColor: token("--chart-fade"),
    });
  }

  set(points) {
    const first = points[0]?.[0] ?? null;
    const grown = first === this.first && points.length >= this.length && this.length > 0;
    if (grown && points.length - this.length < 200) {
      for (const [at, value] of points.slice(Math.max(0, this.length - 1))) {
        this.series.update({ time: seconds(at), value: Number(value) });
      }
    } else {
      this.series.setData(points.map(([at, value]) => ({ time: seconds(at), value: Number(value) })));
      this.chart.timeScale().fitContent();
    }
    if (grown && points.length !== this.length) this.chart.timeScale().fitContent();
    this.first = first;
    this.length = points.length;
  }
}

/** Candles with volume below and markers for signals and fills. */
export class CandleChart extends Chart {
  constructor(container, { onBar } = {}) {
    super(container, () => this.colour());
    this.candles = this.chart.addSeries(CandlestickSeries, { borderVisible: false, priceLineVisible: false });
    this.volume = this.chart.addSeries(HistogramSeries, {
      priceScaleId: "volume",
      priceFormat: { type: "volume" },
      lastValueVisible: false,
      priceLineVisible: false,
    });
    this.chart.priceScale("volume").applyOptions({ scaleMargins: { top: 0.84, bottom: 0 } });
    this.candles.priceScale().applyOptions({ scaleMargins: { top: 0.1, bottom: 0.22 } });
    this.markers = createSeriesMarkers(this.candles, []);
    this.marks = [];
    this.colour();
    if (onBar) this.onCrosshair((move) => onBar(move && move.time));
  }

  colour() {
    if (!this.candles) return;
    const up = token("--chart-up");
    const down = token("--chart-down");
    this.candles.applyOptions({ upColor: up, downColor: down, wickUpColor: up, wickDownColor: down });
    this.volume.applyOptions({ color: token("--chart-volume") });
    this.setMarkers(this.marks);
  }

  setBars(bars, visible = 130) {
    this.candles.setData(
      bars.map((bar) => ({ time: bar.day, open: Number(bar.open), high: Number(bar.high), low: Number(bar.low), close: Number(bar.close) })),
    );
    this.volume.setData(bars.map((bar) => ({ time: bar.day, value: Number(bar.volume) })));
    this.chart.timeScale().setVisibleLogicalRange({ from: Math.max(0, bars.length - visible), to: bars.length + 2 });
  }

  /** marks: [{time, kind: "buy" | "sell" | "signal"}] in order of time */
  setMarkers(marks) {
    this.marks = marks;
    const colours = { buy: token("--chart-up"), sell: token("--chart-down"), signal: token("--chart-line") };
    const shapes = { buy: "arrowUp", sell: "arrowDown", signal: "circle" };
    this.markers?.setMarkers(
      marks.map((mark) => ({
        time: mark.time,
        position: mark.kind === "buy" ? "belowBar" : "aboveBar",
        color: colours[mark.kind],
        shape: shapes[mark.kind],
        size: mark.kind === "signal" ? 0.6 : 1.1,
      })),
    );
  }
}
