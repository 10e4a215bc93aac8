"use strict";
/* The pages beside the report, each drawn from the API. */
const ACTIONS = ["deny", "warn", "audit", "excepted"];
const TOLD = ["deny", "warn", "audit"];
const SVG = "http://www.w3.org/2000/svg";
const MOST_BARS = 8, MOST_SCANS = 48;
const named = name => name || "(none)";

const toReport = filters => `/report#${new URLSearchParams(filters)}`;

function setHead(title, text) {
  document.title = `mlgate: ${title}`;
  at("title").textContent = title;
  at("policy").textContent = text;
}

function show(...parts) {
  at("view").replaceChildren(...parts);
  at("view").setAttribute("aria-busy", "false");
}

/* a cell's content with a class; of cells without one, numbers stand to the right */
const cell = (kind, ...content) => ({kind, content});
const columns = names => names.map(name => cell("number", name));

function drawTable(heads, rows, empty) {
  if (!rows.length) return make("p", {class: "empty"}, empty);
  const drawCell = (tag, value) => {
    if (typeof value === "number") return make(tag, {class: value ? "number" : "number zero"}, value.toLocaleString("en"));
    return "kind" in Object(value) ? make(tag, {class: value.kind}, ...value.content) : make(tag, {}, value);
  };
  return make("div", {class: "wide"}, make("table", {},
    make("thead", {}, make("tr", {}, ...heads.map(head => drawCell("th", head)))),
    make("tbody", {}, ...rows.map(row => make("tr", {}, ...row.map(value => drawCell("td", value)))))));
}

const drawNote = text => make("small", {class: "facts note"}, text);

function drawCard(title, groups, filter) {
  const weight = group => group.counts.deny + group.counts.warn;
  const told = groups.filter(weight).sort((a, b) => weight(b) - weight(a));
  const most = told.length ? weight(told[0]) : 1;
  const part = (group, action) => make("i", {class: action, style: `width:${100 * group.counts[action] / most}%`});
  const bars = told.slice(0, MOST_BARS).map(group => {
    return make("a", {class: "bar", href: toReport({[filter]: named(group.name)}), title: `${named(group.name)}: ${group.counts.deny} deny, ${group.counts.warn} warn`},
      make("span", {}, named(group.name)), make("span", {class: "parts"}, part(group, "deny"), part(group, "warn")), make("span", {}, weight(group).toLocaleString("en")));
  });
  return make("div", {class: "chart"}, make("h2", {}, title), ...(bars.length ? bars : [make("p", {class: "facts"}, "nothing warns or denies")]),
    told.length > MOST_BARS ? make("small", {class: "facts"}, `and ${told.length - MOST_BARS} more`) : "");
}

function drawShape(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

function tellScan(scan) {
  const when = new Date(scan.finished).toLocaleString();
  if (!scan.counts) return `scan ${scan.number}, ${when}: failed: ${scan.reason}`;
  return `scan ${scan.number}, ${when}${scan.outcome === "partial" ? ", partial" : ""}: ${scan.counts.deny} deny, ${scan.counts.warn} warn, ${scan.new} new, ${scan.gone} gone`;
}

function drawHistory(history) {
  const scans = history.slice(-MOST_SCANS), width = 960, height = 150, base = 130;
  const step = Math.min(width / Math.max(scans.length, 12), 60);
  const most = Math.max(...scans.map(scan => scan.counts ? scan.counts.deny + scan.counts.warn : 0), 1);
  const bars = scans.map((scan, place) => {
    const x = place * step, bar = {x: x + step * .15, width: step * .7};
    const parts = [drawShape("title", {}, tellScan(scan)), drawShape("rect", {class: "hit", x, y: 0, width: step, height: base})];
    if (!scan.counts) parts.push(drawShape("rect", {class: "failed", ...bar, y: base - 6, height: 6}));
    let y = base;
    for (const action of scan.counts ? ["deny", "warn"] : []) {
      const size = scan.counts[action] / most * (base - 20);
      y -= size;
      parts.push(drawShape("rect", {class: action, ...bar, y, height: size}));
    }
    return drawShape("g", {}, ...parts);
  });
  const plot = drawShape("svg", {class: "plot", viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "xMinYMin meet", role: "img", "aria-label": `findings of the last ${scans.length} scans`},
    drawShape("line", {x1: 0, x2: width, y1: base, y2: base}), ...bars, drawShape("text", {x: 0, y: 146}, scans.length ? new Date(scans[0].finished).toLocaleTimeString() : ""),
    drawShape("text", {x: 0, y: 12}, most.toLocaleString("en")));
  const key = make("p", {class: "facts key"}, "each scan:", make("i", {class: "deny"}), "deny", make("i", {class: "warn"}), "warn", make("i", {class: "failed"}), "failed");
  const last = scans.length ? make("p", {class: "facts"}, tellScan(scans[scans.length - 1])) : "";
  return make("div", {class: "chart"}, plot, key, last);
}

async function showOverview() {
  const [history, namespaces, teams, rules, kinds] = await Promise.all([ask("/api/v1/history"),
    ...["namespace", "team", "rule", "kind"].map(name => ask(`/api/v1/groups/${name}`))]);
  const scan = board.scan;
  const totals = ACTIONS.filter(action => scan.counts[action] || action === "deny" || action === "warn").map(action =>
    make("a", {class: "total", href: toReport({action})}, make("b", {class: action}, scan.counts[action].toLocaleString("en")), action));
  const changes = [["new", scan.new, "since the scan before"], ["gone", scan.gone, "since the scan before"], ["objects", scan.objects, "looked at"]];
  totals.push(...changes.map(([name, number, title]) => make("div", {class: "total", title}, make("b", {}, number.toLocaleString("en")), name)));
  if (scan.at_stake) totals.push(make("div", {class: "total stakes"}, make("b", {}, scan.at_stake), "at stake"));
  setHead("Overview", `policy: ${scan.policy}`);
  show(make("section", {class: "totals", "aria-label": "totals"}, ...totals),
    make("section", {class: "cards"}, drawCard("by namespace", namespaces, "namespace"), drawCard(`by team (label ${board.team_label})`, teams, "team"),
      drawCard("by rule", rules, "rule"), drawCard("by kind", kinds, "kind")),
    make("h2", {}, "Last scans"), drawHistory(history));
}

async function showGroups(group, title, note) {
  const groups = await ask(`/api/v1/groups/${group}`);
  setHead(title, note);
  const rows = groups.map(one => [make("a", {href: toReport({[group]: named(one.name)})}, named(one.name)), ...ACTIONS.map(action => one.counts[action]),
    one.objects, one.at_stake || "-", cell("", ...one.rules.flatMap(code => [make("a", {href: `/rules/${code}`}, code), " "]))]);
  show(withSearch(groups.map(one => named(one.name)), found => drawTable(
    [group, ...columns([...ACTIONS, "objects"]), "at stake", "top rules"], rows.filter((_, place) => found(place)), "No findings.")));
}

let searched = ""; // stays when the page is drawn anew

/* a field that narrows down what is drawn below it */
function withSearch(texts, drawFound) {
  const field = make("input", {value: searched, type: "search", class: "search", placeholder: "search", "aria-label": "search"});
  const below = make("div");
  const narrow = () => {
    searched = field.value;
    const words = field.value.toLowerCase().split(/\s+/);
    below.replaceChildren(drawFound(place => words.every(word => texts[place].toLowerCase().includes(word))));
  };
  field.addEventListener("input", narrow);
  narrow();
  return make("div", {}, field, below);
}

function listForms(forms) {
  const actions = new Map();
  for (const form of forms) actions.set(form.action, [...actions.get(form.action) || [], form.name]);
  return [...actions].flatMap(([action, names]) => [make("b", {class: action}, action), actions.size > 1 ? ` ${names.join(", ")} ` : " "]);
}

async function showRules() {
  const rules = await ask("/api/v1/rules");
  setHead("Rules", `${rules.length} rules, with their actions in the policy`);
  const rows = rules.map(rule => [make("a", {href: `/rules/${rule.code}`}, rule.code), cell("text", rule.summary, drawNote(`${rule.name} · ${rule.harm}`)),
    cell("", ...listForms(rule.forms)), rule.counts.deny, rule.counts.warn, rule.counts.audit]);
  const heads = ["rule", "what it finds", "now", ...columns(TOLD)];
  show(withSearch(rules.map(rule => `${rule.code} ${rule.name} ${rule.summary} ${rule.harm}`), found => drawTable(heads, rows.filter((_, place) => found(place)), "No rule matches.")));
}

async function showRule(code) {
  const rule = await ask(`/api/v1/rules/${encodeURIComponent(code)}`);
  setHead(`${rule.code} ${rule.name}`, rule.summary);
  const found = ACTIONS.filter(action => rule.counts[action]).map(action => `${rule.counts[action].toLocaleString("en")} ${action}`).join(", ");
  const forms = rule.forms.map(form => [form.name, cell("text", form.summary), form.severity, form.observe, form.standard, form.strict, cell(form.action, make("b", {}, form.action)), form.source]);
  const parameters = rule.parameters.map(one => [make("code", {}, one.name), cell("text", one.summary), make("code", {}, JSON.stringify(one.default))]);
  show(make("p", {class: "links"}, make("a", {href: toReport({rule: rule.code})}, found ? `found: ${found}` : "nothing found"),
    make("a", {href: `/simulator#rule=${rule.code}`}, "try another action"), make("span", {class: "facts"}, `${rule.harm} · fix: ${rule.fix} · ${rule.status}`)),
  drawTable(["form", "what it is", "severity", "observe", "standard", "strict", "now", "from"], forms, ""),
  ...(parameters.length ? [make("h2", {}, "Parameters"), drawTable(["parameter", "what it is", "default"], parameters, "")] : []),
  make("article", {class: "docs"}, ...drawDocs(rule.docs)));
}

function select(options, chosen, attributes) {
  return make("select", attributes, ...options.map(([value, text]) => make("option", value === chosen ? {value, selected: ""} : {value}, text)));
}

function drawChoice(rules, started) {
  const chosen = new URLSearchParams(location.hash.slice(1));
  const profile = select([["", "as it is"], ["observe", "observe"], ["standard", "standard"], ["strict", "strict"]], chosen.get("profile") || "", {id: "profile"});
  const names = rules.flatMap(rule => [[rule.code, `${rule.code} ${rule.name}`], ...(rule.forms.length > 1 ? rule.forms.map(form => [`${rule.code}/${form.name}`, `${rule.code}/${form.name}`]) : [])]);
  const rows = make("div", {id: "choices"});
  const add = (name, action) => {
    const row = make("div", {class: "row"}, make("label", {}, "rule"), select([["", "choose a rule"], ...names], name, {class: "rule-name", "aria-label": "rule"}),
      select(["deny", "warn", "audit", "off"].map(one => [one, one]), action, {"aria-label": "action"}),
      make("button", {type: "button", "aria-label": "take away", onclick: () => row.remove()}, "✕"));
    rows.append(row);
  };
  add(chosen.get("rule") || "", "deny");
  const button = make("button", {class: "main", id: "try"}, "see what changes");
  const form = make("form", {}, make("div", {class: "row"}, make("label", {for: "profile"}, "profile"), profile), rows,
    make("div", {class: "row"}, make("button", {type: "button", id: "more-rules", onclick: () => add("", "deny")}, "another rule"), button));
  form.addEventListener("submit", event => {
    event.preventDefault();
    const pairs = [...rows.children].map(row => [...row.querySelectorAll("select")].map(one => one.value)).filter(([name]) => name);
    started({profile: profile.value || null, rules: Object.fromEntries(pairs)}, button);
  });
  return form;
}

const pause = seconds => new Promise(done => setTimeout(done, 1000 * seconds));

async function simulate(choice, button, out) {
  button.disabled = true;
  out.replaceChildren(make("p", {class: "facts", role: "status"}, "Judging the objects of the last scan again ..."));
  try {
    let one = await ask("/api/v1/simulations", {method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(choice)});
    for (let wait = .2; one.state === "running"; wait = Math.min(wait * 1.5, 3)) {
      await pause(wait);
      one = await ask(`/api/v1/simulations/${one.number}`);
    }
    if (one.state === "failed") throw new Error(one.reason);
    out.replaceChildren(...drawReport(one));
  } catch (problem) {
    out.replaceChildren(make("p", {class: "problem", role: "alert"}, problem.message));
  }
  button.disabled = false;
}

function drawChange(before, after) {
  return before === after ? [after.toLocaleString("en")] : [before.toLocaleString("en"), make("span", {class: "arrow"}, " → "), make("b", {}, after.toLocaleString("en"))];
}

function drawReport(one) {
  const report = one.report, [before, after] = report.denied;
  const more = after - before;
  const verdict = more > 0 ? `${many(more, "more object")} would be denied` : more < 0 ? `${many(-more, "fewer object")} would be denied` : "The same number of objects would be denied";
  const counts = group => TOLD.map(action => cell("number", ...drawChange(group.before[action], group.after[action])));
  const heads = name => [name, ...columns(TOLD)];
  const all = report.gained + report.lost + report.changed;
  const changes = report.changes.map(change => [cell("change", make("span", {class: change.before}, change.before), make("span", {class: "arrow"}, " → "), make("b", {class: change.after}, change.after)),
    make("a", {href: `/rules/${change.rule}`}, `${change.rule}/${change.form}`), cell("text", change.file, drawNote(change.message))]);
  return [make("p", {class: "verdict", role: "status"}, `${verdict}.`), make("p", {class: "facts"}, `${report.gained.toLocaleString("en")} findings gained, ${report.lost.toLocaleString("en")} lost, ${report.changed.toLocaleString("en")} with another action, among the objects of scan ${one.scan} (${one.seconds.toFixed(1)} s).`),
    make("div", {class: "totals"}, ...TOLD.map(action => make("div", {class: "total"}, make("b", {class: action}, ...drawChange(report.before[action], report.after[action])), action))),
    ...(all ? [make("h2", {}, "By namespace"), drawTable(heads("namespace"), report.namespaces.map(group => [named(group.name), ...counts(group)]), "No namespace changes."),
      make("h2", {}, "By rule"), drawTable(heads("rule"), report.rules.map(group => [group.name, ...counts(group)]), "No rule changes."),
      make("h2", {}, "What changes"), drawTable(["action", "rule", "object"], changes, "")] : []),
    ...(all > changes.length ? [make("p", {class: "facts"}, `and ${(all - changes.length).toLocaleString("en")} more`)] : [])];
}

async function showSimulator() {
  if (document.querySelector("form")) return; // what somebody has chosen stays
  const rules = await ask("/api/v1/rules");
  setHead("Simulator", "Choose another profile, or other actions for rules: the objects of the last scan are judged again. Nothing is changed.");
  const out = make("section", {id: "outcome", "aria-live": "polite"});
  show(drawChoice(rules, (choice, button) => simulate(choice, button, out)), out);
  if (!board.simulator) out.append(make("p", {class: "problem"}, "The cluster does not fit into memory: raise --snapshot-size."));
}

const VIEWS = {
  "/": showOverview,
  "/namespaces": () => showGroups("namespace", "Namespaces", "The findings of each namespace."),
  "/teams": () => showGroups("team", "Teams", `By the label ${board.team_label} of objects, or of their Namespace.`),
  "/rules": () => location.pathname === "/rules" ? showRules() : showRule(decodeURIComponent(location.pathname.slice("/rules/".length))),
  "/simulator": showSimulator,
};

function showWaiting() {
  setHead(page === "/report" ? "Report" : "mlgate", "");
  show(make("p", {class: "empty"}, board.failure ? "Nothing has been read from the cluster yet." : "The first scan of the cluster is running ..."));
}

async function showView() {
  try {
    if (page === "/report") location.reload(); else await VIEWS[page]();
  } catch (problem) {
    show(make("p", {class: "problem", role: "alert"}, problem.message));
  }
}

refresh().then(() => {
  if (board && !board.scan) {
    showWaiting();
    const again = setInterval(async () => { await refresh(); if (board.scan) clearInterval(again); }, 1000);
  }
});
