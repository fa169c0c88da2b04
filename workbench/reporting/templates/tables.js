"use strict";
// Tables that can be sorted by a heading and, if they are long, filtered. They hold what they show and no more, so
// figures are read back from the text: 1.2M, −4.3 %, 1.30×, 36 h, 6 Oct 2025. What is not known stays last.
(() => {
  const MANY = 8;
  const SCALE = { k: 1e3, M: 1e6, B: 1e9, "%": 0.01, min: 1 / 60, days: 24, day: 24 };
  const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const made = (tag, name, text) => Object.assign(document.createElement(tag), { className: name, textContent: text || "" });
  const number = (n) => n.toLocaleString("en-US");
  const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/\s+/g, " ");

  const figure = (text) => {
    const found = /^([-−+]?)([\d,]*\.?\d+|∞)([kMB]?)(?:\s*(%|×|min\b|h\b|days?\b))?(.*)$/.exec(text);
    if (!found) return null;
    const size = found[2] === "∞" ? Infinity : Number(found[2].replaceAll(",", ""));
    const value = size * (SCALE[found[3]] || 1) * (SCALE[found[4]] || 1);
    return { value: "-−".includes(found[1] || "+") ? -value : value, rest: found[5] };
  };
  const instant = (text) => {
    const found = /^(\d{1,2}) ([A-Z][a-z]{2}) (\d{4})(?:, (\d\d):(\d\d) UTC)?$/.exec(text);
    const month = found ? MONTHS.indexOf(found[2]) : -1;
    return month < 0 ? null : Date.UTC(found[3], month, found[1], found[4] || 0, found[5] || 0);
  };

  // Beside a dash stands, for those who hear the page, why there is none; where a picture would be, that there is none.
  const textOf = (cell) => {
    const words = cell.classList.contains("wb-pictured") ? cell.querySelector("bdi") : cell;
    return cell.querySelector(".wb-unseen") ? "" : words.textContent.replace(/\s+/g, " ").trim();
  };

  // The values of a column by which to sort, of one kind; null is not known.
  const valuesOf = (rows, column) => {
    const texts = rows.map((row) => textOf(row.cells[column]));
    const known = texts.filter((text) => text && text !== "–");
    const all = (kind) => known.length > 0 && known.every((text) => kind(text) !== null);
    // An interval is sorted by where it begins.
    const isFigure = (text) => /^( to .*)?$/.test(figure(text)?.rest.trimEnd());
    const isFigures = rows[0].cells[column].classList.contains("wb-number") || known.every(isFigure);
    const kind = all(instant) ? instant : isFigures && all(figure) ? (text) => figure(text).value : null;
    const value = kind || ((text) => text);
    return { isText: !kind, values: texts.map((text) => (text && text !== "–" ? value(text) : null)) };
  };

  const announced = document.body.appendChild(made("div", "wb-unseen"));
  announced.setAttribute("role", "status");

  const sortable = (table, headings, rows) => {
    const body = table.tBodies[0];
    const columns = new Map();
    const sort = (heading, column) => {
      if (!columns.has(column)) columns.set(column, valuesOf(rows, column));
      const { isText, values } = columns.get(column);
      // Figures begin with the largest, words with A; the third time is the order that the report gave.
      const orders = isText ? ["ascending", "descending", null] : ["descending", "ascending", null];
      const order = orders[(orders.indexOf(heading.getAttribute("aria-sort")) + 1) % 3];
      for (const other of headings) other.removeAttribute("aria-sort");
      if (order) heading.setAttribute("aria-sort", order);
      const sign = order === "descending" ? -1 : 1;
      const compared = isText ? collator.compare : (a, b) => (a < b ? -1 : a > b ? 1 : 0);
      const places = rows.map((_, n) => n);
      if (order) {
        places.sort((a, b) => {
          const [x, y] = [values[a], values[b]];
          return x === null || y === null ? (x === null) - (y === null) || a - b : sign * compared(x, y) || a - b;
        });
      }
      body.append(...places.map((n) => rows[n]));
      const name = heading.firstChild.firstChild.textContent.trim();
      announced.textContent = order ? `Sorted by ${name}, ${order}` : "In the report's order";
    };
    headings.forEach((heading, column) => {
      if (!heading.textContent.trim()) return;
      const button = Object.assign(made("button", "wb-sort"), { type: "button" });
      button.append(...heading.childNodes);
      heading.append(button);
      button.addEventListener("click", () => sort(heading, column));
    });
  };

  const filtered = (table, headings, rows, n) => {
    const label = made("label", "", "Filter ");
    const input = label.appendChild(Object.assign(made("input"), { type: "search", autocomplete: "off", spellcheck: false }));
    const told = made("output", "", `${number(rows.length)} rows`);
    const place = made("div", "wb-filter");
    place.append(label, told);
    if (table.caption) {
      // The box stands between the caption and the headings, but is no part of the table's name.
      const words = table.caption.firstElementChild || table.caption;
      words.id = `table-${n}`;
      table.setAttribute("aria-labelledby", words.id);
      table.caption.append(place);
    } else table.before(place);
    let texts = null;
    input.addEventListener("input", () => {
      if (!texts) {
        texts = rows.map((row) => plain([...row.cells].map(textOf).join(" ")));
        // Columns keep their widths while rows go.
        const widths = headings.map((heading) => heading.offsetWidth);
        headings.forEach((heading, column) => { heading.style.minWidth = `${widths[column]}px`; });
      }
      const words = plain(input.value).split(" ").filter(Boolean);
      let left = 0;
      rows.forEach((row, at) => {
        row.hidden = !words.every((word) => texts[at].includes(word));
        left += row.hidden ? 0 : 1;
      });
      told.textContent = words.length ? `${number(left)} of ${number(rows.length)} rows` : `${number(rows.length)} rows`;
    });
  };

  document.querySelectorAll(".wb-table table, table.dataframe").forEach((table, n) => {
    const [heads, rows] = [table.tHead ? [...table.tHead.rows] : [], table.tBodies[0] ? [...table.tBodies[0].rows] : []];
    if (heads.length !== 1 || rows.length < 2) return;
    const headings = [...heads[0].cells];
    // Where cells are joined, columns can't be told apart.
    if (rows.some((row) => row.cells.length !== headings.length)) return;
    sortable(table, headings, rows);
    if (rows.length > MANY) filtered(table, headings, rows, n + 1);
  });
  document.documentElement.dataset.tables = "ready";
})();
