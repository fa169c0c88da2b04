"use strict";
(() => {
  const styles = JSON.parse(document.getElementById("chart-styles").textContent);
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const figures = [...document.querySelectorAll("figure.chart")];
  const drawn = new Map();
  // The width of A4 between its margins: on paper there is no window to ask.
  const PAPER = 660;

  const isPlain = (v) => v !== null && typeof v === "object" && !Array.isArray(v);
  const merged = (a, b) => {
    const out = { ...a };
    for (const [k, v] of Object.entries(b)) out[k] = isPlain(v) && isPlain(out[k]) ? merged(out[k], v) : v;
    return out;
  };
  const specOf = (figure, scheme) => {
    const spec = JSON.parse(figure.querySelector("script").textContent);
    spec.config = merged(spec.config || {}, styles[scheme]);
    return spec;
  };

  async function draw(figure) {
    const scheme = dark.matches ? "dark" : "light";
    const place = figure.querySelector(".drawing");
    drawn.get(figure)?.finalize();
    try {
      drawn.set(figure, await vegaEmbed(place, specOf(figure, scheme), {
        mode: "vega-lite", renderer: "svg", actions: false, ast: true, tooltip: { theme: scheme },
      }));
      figure.dataset.drawn = scheme;
    } catch (error) {
      place.textContent = place.getAttribute("aria-label");
      figure.dataset.failed = String(error);
      console.error(error);
    }
  }

  // Printing waits for nobody: these are drawn at once, in light colours and as wide as the paper.
  function drawForPaper(figure) {
    const spec = specOf(figure, "light");
    if (spec.width === "container") spec.width = PAPER;
    const paper = document.createElement("div");
    paper.className = "paper";
    figure.append(paper);
    const program = vega.parse(vegaLite.compile(spec).spec, {}, { ast: true });
    new vega.View(program, { renderer: "svg", container: paper, expr: vega.expressionInterpreter }).run();
  }
  window.addEventListener("beforeprint", () => figures.forEach(drawForPaper));
  window.addEventListener("afterprint", () => document.querySelectorAll(".paper").forEach((e) => e.remove()));

  const drawAll = () => Promise.all(figures.map(draw));
  dark.addEventListener("change", drawAll);
  drawAll().then(() => { document.documentElement.dataset.charts = String(drawn.size); });
})();
