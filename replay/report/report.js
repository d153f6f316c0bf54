"use strict";
// Puts plots that answer to the mouse in the place of the pictures. Without it, or without the
// plotting library, the pictures and the tables stay. It computes nothing: all numbers are in `data`.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const at = (value, path) => path.split("/").slice(1).reduce((inner, key) => inner[key], value);
  const valuesAt = (path) => {
    const [list, rest] = path.split("/*");
    const values = at(data, list);
    return rest === undefined ? values : values.map((element) => at(element, rest));
  };
  const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const text = (value) => value == null ? "–" : value.toLocaleString("en", {maximumSignificantDigits: 5});
  const short = (value) => value.toLocaleString("en", {notation: "compact", maximumSignificantDigits: 3});
  const looks = () => ({
    colors: ["--c0", "--c1", "--c2", "--c3"].map(style),
    gridLineColor: style("--line"),
    axisLineColor: style("--line"),
  });

  // One row for each x of any curve; a curve without a value there has a gap.
  const rowsOf = (curves, bars) => {
    const rows = new Map();
    curves.forEach((curve, index) => {
      const ys = valuesAt(curve.y);
      const spreads = curve.bars ? valuesAt(curve.bars) : [];
      valuesAt(curve.x).forEach((x, i) => {
        if (!rows.has(x)) rows.set(x, [x, ...curves.map(() => bars ? [null, null, null] : null)]);
        const [low, high] = spreads[i] ? [spreads[i].lower, spreads[i].upper] : [ys[i], ys[i]];
        rows.get(x)[index + 1] = bars ? [low, ys[i], high] : ys[i];
      });
    });
    return [...rows.values()].sort((a, b) => a[0] - b[0]);
  };

  const draw = (figure) => {
    const plot = JSON.parse(figure.dataset.plot);
    const bars = plot.curves.some((curve) => curve.bars);
    const rows = rowsOf(plot.curves, bars);
    if (rows.length < 2) return null;
    const canvas = figure.appendChild(Object.assign(document.createElement("div"), {className: "canvas"}));
    const values = figure.appendChild(Object.assign(document.createElement("div"), {className: "values"}));
    figure.classList.add("live");
    const xs = rows.map((row) => row[0]);
    const marks = () => xs.map((x) => ({v: x, label: text(x)}));
    return new Dygraph(canvas, rows, Object.assign(looks(), {
      labels: [plot.x_unit, ...plot.curves.map((curve) => curve.label)],
      xlabel: plot.x_unit,
      customBars: bars,
      connectSeparatedPoints: true,
      drawPoints: rows.length <= 64,
      pointSize: 3,
      strokeWidth: 1.6,
      fillAlpha: 0.18,
      includeZero: true,
      legend: "never",
      xRangePad: rows.length <= 64 && !plot.doubling ? 8 : 0,
      dateWindow: plot.doubling ? [xs[0] / 1.2, xs[xs.length - 1] * 1.2] : null,
      highlightCircleSize: 4,
      axes: {
        x: Object.assign({drawGrid: false, axisLabelFormatter: text, pixelsPerLabel: 50},
          plot.doubling ? {logscale: true, ticker: marks} : {}),
        y: {axisLabelWidth: 52, axisLabelFormatter: short},
      },
      highlightCallback: (event, x, points) => {
        values.textContent = `${plot.x_unit} ${text(x)}: ` +
          points.filter((point) => Number.isFinite(point.yval))
            .map((point) => `${point.name} ${text(point.yval)}`).join(", ");
      },
      unhighlightCallback: () => { values.textContent = ""; },
    }));
  };

  if (typeof Dygraph === "undefined") return;
  document.body.classList.add("has-script");
  const graphs = [...document.querySelectorAll("figure.plot")].map(draw).filter((graph) => graph);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    graphs.forEach((graph) => graph.updateOptions(looks()));
  });
})();
