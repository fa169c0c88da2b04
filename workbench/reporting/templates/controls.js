"use strict";
// What stands around the sliders that Vega makes: groups, figures as people write them, today's values, a way back.
window.workbenchControls = (place, view, controls) => {
  const made = (tag, name, text) => Object.assign(document.createElement(tag), { className: name, textContent: text || "" });
  const number = (v) => v.toLocaleString("en-US", Math.abs(v) < 1000 ? { maximumSignificantDigits: 3 } : { maximumFractionDigits: 0 });
  const written = (v, unit) =>
    unit === "fraction" ? `${(v * 100).toFixed(1)}\u00a0%` : unit === "multiple" ? `${number(Math.round(v * 100) / 100)}×` : number(v);
  const groups = new Map();

  const head = made("div", "controls-head");
  const result = made("output", "controls-result");
  const back = Object.assign(made("button", "controls-reset", "Back to today"), { type: "button", disabled: true });
  head.append(result, back);
  place.prepend(head);

  for (const c of controls) {
    const row = place.querySelector(`input[name="${c.name}"]`).closest(".vega-bind");
    const [label, slider] = [row.querySelector(".vega-bind-name"), row.querySelector("input")];
    // Vega writes the bare number beside the slider; this is the same as people write it.
    [...label.parentNode.children].filter((e) => e !== label && e !== slider).forEach((e) => e.remove());
    // No output element: it would be what the label stands for.
    const value = made("span", "vega-bind-value");
    label.after(value);
    slider.setAttribute("aria-label", label.textContent);
    slider.after(made("span", "vega-bind-today", `today ${c.said}`));
    row.title = c.source;
    if (!groups.has(c.group)) {
      const group = place.appendChild(made("fieldset", "controls-group"));
      group.append(made("legend", "", c.group));
      groups.set(c.group, group);
    }
    groups.get(c.group).append(row);
    const show = () => {
      value.textContent = written(view.signal(c.name), c.unit);
      slider.setAttribute("aria-valuetext", value.textContent);
      row.classList.toggle("changed", view.signal(c.name) !== c.today);
      back.disabled = !controls.some((k) => view.signal(k.name) !== k.today);
    };
    view.addSignalListener(c.name, show);
    show();
  }

  const told = () => {
    const [profit, low, high] = ["profit", "profit_low", "profit_high"].map((n) => view.signal(n));
    result.replaceChildren(made("span", "", "Profit a month "), made("strong", "", number(profit)),
      made("small", "", `8 in 10: ${number(low)} to ${number(high)}`));
  };
  for (const n of ["profit", "profit_low", "profit_high"]) view.addSignalListener(n, told);
  told();
  back.addEventListener("click", () => {
    for (const c of controls) view.signal(c.name, c.today);
    view.runAsync();
  });
};
