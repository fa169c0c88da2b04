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

  // Charts one above the other can't ask how wide their place is.
  const fit = (spec, width) => {
    if (spec.usermeta?.workbench?.page !== "width") return;
    for (const part of spec.vconcat) part.width = width - 64;
    for (const p of spec.params) if (p.name === "columns") p.value = width < 520 ? 2 : 4;
  };

  async function draw(figure) {
    const scheme = dark.matches ? "dark" : "light";
    const place = figure.querySelector(".drawing");
    const spec = specOf(figure, scheme);
    const sliders = figure.querySelector(".controls");
    fit(spec, place.clientWidth);
    // A redrawing for the night keeps what the reader has set.
    for (const p of sliders && figure.view ? spec.params : []) if (p.bind) p.value = figure.view.signal(p.name);
    drawn.get(figure)?.finalize();
    sliders?.replaceChildren();
    try {
      drawn.set(figure, await vegaEmbed(place, spec, { ...options(scheme), bind: sliders || undefined }));
      figure.view = drawn.get(figure).view;
      const controls = spec.usermeta?.workbench?.controls;
      if (sliders && controls) window.workbenchControls(sliders, figure.view, controls);
      figure.dataset.drawn = scheme;
    } catch (error) {
      place.textContent = place.getAttribute("aria-label");
      figure.dataset.failed = String(error);
      console.error(error);
    }
  }

  // A chart alone, to be put into a letter or on a slide: light, with its title, as the reader has set it.
  const PICTURE = 860;
  const wrapped = (text, longest) => text.split(" ").reduce((lines, word) => {
    const last = lines.length - 1;
    if (last < 0 || lines[last].length + 1 + word.length > longest) lines.push(word);
    else lines[last] += ` ${word}`;
    return lines;
  }, []);
  async function saveAs(figure, kind) {
    const spec = specOf(figure, "light");
    spec.background = "#ffffff";
    spec.padding = 16;
    if (spec.width === "container") spec.width = PICTURE;
    fit(spec, PICTURE);
    for (const p of spec.params || []) {
      if (p.bind) p.value = figure.view.signal(p.name);
      delete p.bind;
    }
    const [title, subtitle] = ["strong", "span"].map((n) => figure.querySelector(`figcaption ${n}`)?.textContent || "");
    if (title) spec.title = { text: wrapped(title, 105), subtitle: wrapped(subtitle, 125) };
    const place = document.createElement("div");
    const { view, finalize } = await vegaEmbed(place, spec, options("light"));
    const made = kind === "svg"
      ? `data:image/svg+xml;charset=utf-8,${encodeURIComponent(await view.toSVG())}` : await view.toImageURL("png", 2);
    finalize();
    const page = location.pathname.split("/").pop().replace(/\.html$/, "");
    const name = `${page} ${title}`.toLowerCase().replace(/[^a-z0-9]+/g, "-").slice(0, 70).replace(/^-|-$/g, "");
    Object.assign(document.createElement("a"), { href: made, download: `${name || "chart"}.${kind}` }).click();
  }
  const addSaving = (figure) => {
    const place = Object.assign(document.createElement("p"), { className: "saving", textContent: "Save as " });
    const what = figure.querySelector("figcaption strong")?.textContent || "chart";
    for (const kind of ["png", "svg"]) {
      const button = place.appendChild(document.createElement("button"));
      Object.assign(button, { type: "button", textContent: kind.toUpperCase() });
      button.setAttribute("aria-label", `Save as ${kind.toUpperCase()}: ${what}`);
      button.addEventListener("click", () => saveAs(figure, kind));
    }
    figure.append(place);
  };

  // Printing waits for nobody, so what it needs is drawn beforehand: light, and as wide as the paper.
  async function drawForPaper(figure) {
    const spec = specOf(figure, "light");
    if (spec.width === "container") spec.width = PAPER;
    fit(spec, PAPER);
    for (const p of spec.params || []) delete p.bind;
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
    for (const figure of drawn.keys()) addSaving(figure);
    for (const figure of drawn.keys()) await drawForPaper(figure);
    document.documentElement.dataset.ready = "yes";
  });
})();
