(() => {
  // Shows only the rows and samples that hold all words that are typed in, and are of the kind that is pressed.
  const form = document.getElementById("filter");
  const field = document.getElementById("wanted");
  const said = form.querySelector("output");
  const kinds = [...form.querySelectorAll("button")];
  const entries = [...document.querySelectorAll("[data-find]")].map((row) => {
    const rule = row.closest("details.rule");
    const name = rule ? rule.querySelector("code").textContent : "";
    return { row, rule, text: `${name} ${row.textContent}`.toLowerCase() };
  });
  const rules = [...document.querySelectorAll("details.rule")];
  const opened = new Set();
  let kind = "";

  function look() {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    const busy = words.length > 0 || kind !== "";
    const left = new Set();
    let count = 0;
    for (const { row, rule, text } of entries) {
      const wanted = (!kind || !rule || row.dataset.kind === kind) && words.every((word) => text.includes(word));
      row.hidden = !wanted;
      count += wanted;
      if (wanted && rule) left.add(rule);
    }
    for (const rule of rules) {
      rule.hidden = busy && !left.has(rule);
      if (words.length && left.has(rule) && left.size <= 12 && !rule.open) {
        rule.open = true;
        opened.add(rule);
      }
      if (!words.length && opened.delete(rule)) rule.open = false;
    }
    said.textContent = busy ? `${count.toLocaleString("en")} of ${entries.length.toLocaleString("en")}` : "";
  }

  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  field.addEventListener("input", look);
  for (const button of kinds) {
    button.addEventListener("click", () => {
      kind = button.value;
      for (const each of kinds) each.setAttribute("aria-pressed", String(each === button));
      look();
    });
  }
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement !== field) {
      event.preventDefault();
      field.focus();
      field.select();
    } else if (event.key === "Escape" && document.activeElement === field) {
      field.value = "";
      look();
    }
  });
})();
