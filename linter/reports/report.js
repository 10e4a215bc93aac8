const data = JSON.parse(document.getElementById("data").textContent);
const PAGE = 200, BARS = 8;
const FACETS = [["rule", "rule"], ["kind", "kind"], ["namespace", "namespace"], ["role", "role"]];
if (data.findings.some(finding => "team" in finding)) FACETS.push(["team", "team"]);
const WEIGHT = {deny: 0, warn: 1, audit: 2, excepted: 3};
const state = {search: "", action: "", rule: "", kind: "", namespace: "", role: "", team: "", order: data.order || ""};
let limit = PAGE;

for (const finding of data.findings) {
  finding.text = [finding.rule, finding.form, finding.kind, finding.namespace, finding.name, finding.file,
    finding.message, data.rules[finding.rule].name].join(" ").toLowerCase();
}

function matches(finding, but) {
  return (but === "action" || !state.action || finding.action === state.action)
    && FACETS.every(([key]) => key === but || !state[key] || finding[key] === unlabel(state[key]))
    && state.search.toLowerCase().split(/\s+/).every(word => finding.text.includes(word));
}
const label = value => value || "(none)";
const unlabel = value => value === "(none)" ? "" : value;

function count(rows, key) {
  const counts = new Map();
  for (const row of rows) counts.set(label(row[key]), (counts.get(label(row[key])) || 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
}

function toggle(key, value) {
  state[key] = state[key] === value ? "" : value;
  limit = PAGE;
  draw();
}

function drawTotals() {
  const rows = data.findings.filter(finding => matches(finding, "action"));
  const cards = ["deny", "warn", "audit", "excepted"].map(action => {
    const number = rows.filter(row => row.action === action).length;
    return number || action === "deny" || action === "warn" ? make("button",
      {type: "button", class: "total", "aria-pressed": state.action === action, onclick: () => toggle("action", action)},
      make("b", {class: action}, number.toLocaleString("en")), action) : "";
  });
  if (data.stakes) cards.push(make("div", {class: "total stakes"}, make("b", {}, data.stakes), "at stake"));
  at("totals").replaceChildren(...cards);
}

function drawCharts() {
  at("charts").replaceChildren(...FACETS.map(([key, title]) => {
    const bars = count(data.findings.filter(finding => matches(finding, key)), key);
    const most = bars.length ? bars[0][1] : 1;
    const kept = bars.filter(([value], place) => place < BARS || value === state[key]);
    const chart = make("div", {class: "chart"}, make("h2", {}, `by ${title}`));
    chart.append(...kept.map(([value, number]) => make("button", {type: "button", class: "bar", title: value,
      "aria-pressed": state[key] === value, "aria-label": `${title} ${value}: ${number} findings`, onclick: () => toggle(key, value)},
      make("span", {}, value), make("span", {}, make("i", {style: `width:${100 * number / most}%`})), make("span", {}, number.toLocaleString("en")))));
    if (bars.length > kept.length) chart.append(make("small", {class: "facts"}, `and ${bars.length - kept.length} more`));
    return chart;
  }));
}

function drawLines(finding) {
  const block = make("pre", {"aria-label": "source"});
  const width = String(finding.first + finding.lines.length - 1).length;
  finding.lines.forEach((line, index) => {
    const number = finding.first + index;
    block.append(make("span", {class: "n"}, `${String(number).padStart(width)} | `));
    if (number === finding.line) {
      const start = finding.column - 1, end = finding.end ? Math.max(finding.end - 1, start + 1) : line.length;
      block.append(line.slice(0, start), make("mark", {}, line.slice(start, end)), line.slice(end));
    } else block.append(line);
    block.append("\n");
  });
  return block;
}

function drawFix(finding) {
  const fix = finding.fix;
  const parts = [make("p", {}, make("b", {}, `Fix (${fix.safety}): `), fix.title)];
  if (fix.refused) parts.push(make("p", {class: "facts"}, `could not be made: ${fix.refused}`));
  if (fix.diff.length) {
    const block = make("pre", {"aria-label": "fix"});
    for (const line of fix.diff) block.append(make("span", {class: line[0] === "-" ? "gone" : "new"}, line));
    parts.push(block);
  }
  return parts;
}

function fill(entry, finding) {
  const rule = data.rules[finding.rule];
  const where = `${finding.file}:${finding.line}:${finding.column}`;
  const facts = [finding.path, `role ${finding.role}`, `confidence ${finding.confidence}`];
  if (finding.hours !== null) facts.push(finding.hours === "unbounded" ? "GPU-hours without bound at stake" : `${finding.hours} GPU-hours at stake`);
  const body = make("div", {class: "more"}, make("p", {class: "facts"}, facts.join(" · ")));
  if (finding.lines.length) body.append(drawLines(finding));
  for (const [place, message] of finding.related) body.append(make("p", {}, make("code", {}, place), ` ${message}`));
  if (finding.fix) body.append(...drawFix(finding));
  body.append(make("button", {type: "button", class: "copy", onclick: event => copy(event.target, `${where}: ${finding.action}[${finding.rule}/${finding.form}] ${finding.message}`)}, "copy"));
  const docs = make("details", {class: "rule"}, make("summary", {class: "about"}, `About ${finding.rule} ${rule.name}: ${rule.summary}`));
  docs.addEventListener("toggle", () => { if (docs.open && docs.childElementCount === 1) docs.append(...drawDocs(rule.docs)); });
  body.append(docs);
  entry.append(body);
}

function copy(button, text) {
  const done = () => { button.textContent = "copied"; setTimeout(() => { button.textContent = "copy"; }, 1500); };
  if (navigator.clipboard && isSecureContext) { navigator.clipboard.writeText(text).then(done); return; }
  const area = make("textarea", {}, text);
  document.body.append(area); area.select(); document.execCommand("copy"); area.remove(); done();
}

function drawEntry(finding) {
  const object = [finding.namespace, finding.kind, finding.name].filter(Boolean).join(" / ");
  const entry = make("details", {}, make("summary", {},
    make("b", {class: finding.action}, finding.action), make("code", {}, `${finding.rule}/${finding.form}`),
    make("span", {}, finding.message, make("small", {}, `${object} · ${finding.file}:${finding.line}`))));
  entry.addEventListener("toggle", event => { if (event.target === entry && entry.open && entry.childElementCount === 1) fill(entry, finding); });
  return entry;
}

function order(rows) {
  const hours = finding => finding.hours === "unbounded" ? Infinity : finding.hours ?? -1;
  if (state.order === "action") return [...rows].sort((a, b) => WEIGHT[a.action] - WEIGHT[b.action]);
  if (state.order === "hours") return [...rows].sort((a, b) => hours(b) === hours(a) ? 0 : hours(b) - hours(a));
  return rows;
}

function draw() {
  const rows = order(data.findings.filter(finding => matches(finding)));
  drawTotals();
  drawCharts();
  at("list").replaceChildren(...(rows.length ? rows.slice(0, limit).map(drawEntry)
    : [make("p", {class: "empty"}, data.findings.length ? "No finding matches these filters." : "No findings.")]));
  at("shown").textContent = `${rows.length.toLocaleString("en")} of ${data.findings.length.toLocaleString("en")} findings`;
  at("further").hidden = rows.length <= limit;
  at("further").textContent = `show ${Math.min(PAGE, rows.length - limit)} more`;
  at("search").value = state.search;
  at("order").value = state.order;
  const stated = Object.entries(state).filter(([key, value]) => value !== (key === "order" ? data.order || "" : ""));
  if (location.protocol !== "about:") history.replaceState(null, "", stated.length ? "#" + new URLSearchParams(stated) : location.pathname + location.search);
}

for (const [key, value] of new URLSearchParams(location.hash.slice(1))) if (key in state) state[key] = value;
at("search").addEventListener("input", event => { state.search = event.target.value; limit = PAGE; draw(); at("search").focus(); });
at("order").addEventListener("change", event => { state.order = event.target.value; draw(); });
at("clear").addEventListener("click", () => { for (const key of Object.keys(state)) state[key] = key === "order" ? data.order || "" : ""; limit = PAGE; draw(); });
at("open").addEventListener("click", () => {
  const entries = [...at("list").querySelectorAll(":scope > details")], open = entries.some(entry => !entry.open);
  for (const entry of entries) entry.open = open;
});
at("further").addEventListener("click", () => { limit += PAGE; draw(); });
document.addEventListener("keydown", event => {
  if (event.key === "/" && !/INPUT|SELECT|TEXTAREA/.test(event.target.tagName)) { event.preventDefault(); at("search").focus(); }
  if (event.key === "Escape" && event.target === at("search")) { state.search = ""; draw(); }
});
addEventListener("beforeprint", () => { limit = Infinity; draw(); });
at("policy").textContent = `policy: ${data.policy}`;
at("summary").textContent = data.summary.join("\n");
if (data.errors.length) {
  at("errors").hidden = false;
  at("errors").append(make("b", {}, "Could not be read"), make("ul", {}, ...data.errors.map(([place, reason]) => make("li", {}, make("code", {}, place), ` ${reason}`))));
}
draw();
