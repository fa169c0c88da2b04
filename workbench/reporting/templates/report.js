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

  const options = (scheme) => ({
    mode: "vega-lite", renderer: "svg", actions: false, ast: true, tooltip: { theme: scheme },
  });

  async function draw(figure) {
    const scheme = dark.matches ? "dark" : "light";
    const place = figure.querySelector(".drawing");
    drawn.get(figure)?.finalize();
    try {
      drawn.set(figure, await vegaEmbed(place, specOf(figure, scheme), options(scheme)));
      figure.dataset.drawn = scheme;
    } catch (error) {
      place.textContent = place.getAttribute("aria-label");
      figure.dataset.failed = String(error);
      console.error(error);
    }
  }

  // Printing waits for nobody, so what it needs is drawn beforehand: light, and as wide as the paper.
  async function drawForPaper(figure) {
    const spec = specOf(figure, "light");
    if (spec.width === "container") spec.width = PAPER;
    const paper = document.createElement("div");
    paper.className = "paper";
    // Vega-Embed's own styles decide how the element it draws in is shown; this one has to obey ours.
    const inner = paper.appendChild(document.createElement("div"));
    figure.append(paper);
    (await vegaEmbed(inner, spec, options("light"))).finalize();
  }

  const drawAll = () => Promise.all(figures.map(draw));
  dark.addEventListener("change", drawAll);
  drawAll().then(async () => {
    document.documentElement.dataset.charts = String(drawn.size);
    for (const figure of drawn.keys()) await drawForPaper(figure);
    document.documentElement.dataset.ready = "yes";
  });
})();
