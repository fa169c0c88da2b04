// Search on the index: entries that don't hold every word are hidden. Without scripts the list is whole.
(() => {
  const box = document.querySelector(".search"), sought = document.getElementById("sought");
  const found = document.getElementById("found");
  const entries = [...document.querySelectorAll(".entry")].map(e => [e, `${e.id} ${e.textContent}`.toLowerCase()]);
  const groups = [...document.querySelectorAll(".group")];
  const search = () => {
    const words = sought.value.toLowerCase().split(/\s+/).filter(Boolean);
    let n = 0;
    for (const [entry, text] of entries) {
      const shown = words.every(w => text.includes(w));
      entry.hidden = !shown;
      n += shown;
    }
    for (const g of groups) g.hidden = !g.querySelector(".entry:not([hidden])");
    found.textContent = words.length ? `${n} of ${entries.length} found` : "";
  };
  sought.addEventListener("input", search);
  box.hidden = false;
  search();
})();
