"use strict";
/* On every page: how fresh what is shown is, and what replaces it. */
const REFRESH = 15000;
const address = path => new URL(path, location.origin); // without what a browser was told of a user
let board = null, seen = typeof data === "object" ? data.scan : null;

async function ask(path, options = {}) {
  const answer = await fetch(address(path), {cache: "no-store", ...options});
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw Object.assign(new Error(tellProblem(answer, body)), {status: answer.status});
  return body;
}

function tellProblem(answer, body) {
  if (typeof body.detail === "string") return body.detail;
  if (Array.isArray(body.detail)) return body.detail.map(one => `${one.loc.slice(1).join(".")}: ${one.msg}`).join("; ");
  return `the dashboard answers ${answer.status}`;
}

function tellAge(seconds) {
  if (seconds < 90) return "just now";
  if (seconds < 5400) return `${Math.round(seconds / 60)} min ago`;
  return seconds < 172800 ? `${Math.round(seconds / 3600)} h ago` : `${Math.round(seconds / 86400)} days ago`;
}

const many = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;

function drawFresh() {
  const fresh = at("fresh");
  fresh.classList.toggle("late", board.state !== "fresh");
  if (!board.scan) { fresh.textContent = board.failure ? "no scan yet" : "the first scan is going on ..."; return; }
  const age = (new Date(board.now) - new Date(board.scan.finished)) / 1000;
  const going = board.scanning ? " · scanning ..." : "";
  fresh.textContent = `scanned ${tellAge(age)}${board.scan.outcome === "partial" ? " · partial" : ""}${going}`;
  fresh.title = `scan ${board.scan.number} ended ${new Date(board.scan.finished).toLocaleString()} after ${board.scan.seconds.toFixed(1)} s`;
}

function listErrors(errors) {
  return make("details", {}, make("summary", {}, `Partial: ${many(errors.length, "collection")} could not be read; their objects are not judged`),
    make("ul", {}, ...errors.map(one => make("li", {}, make("code", {}, one.name), ` ${one.reason}`))));
}

function drawNotice() {
  const parts = [];
  if (board.failure) parts.push(make("div", {}, `The last scan failed: ${board.failure.reason}. ${board.scan ? "An older scan is shown." : ""}`));
  if (board.scan && board.scan.errors.length) parts.push(listErrors(board.scan.errors));
  if (board.scan && typeof data === "object" && board.scan.counts && total(board.scan.counts) > board.shown)
    parts.push(make("div", {}, `The ${board.shown.toLocaleString("en")} most severe of ${total(board.scan.counts).toLocaleString("en")} findings are shown; the API has all.`));
  if (seen !== null && board.scan && board.scan.number !== seen)
    parts.push(make("div", {}, "A newer scan has ended. ", make("button", {type: "button", id: "renew", onclick: () => location.reload()}, "show it")));
  const key = parts.map(part => part.textContent).join("\n");
  if (at("notice").dataset.key === key) return; // what somebody has opened stays open
  at("notice").dataset.key = key;
  at("notice").hidden = !parts.length;
  at("notice").replaceChildren(...parts);
}

const total = counts => counts.deny + counts.warn + counts.audit + counts.excepted;

/* A page that nobody reads in is drawn anew by itself. */
function renew() {
  if (typeof data === "object") {
    if (!document.querySelector("#list details[open]") && document.activeElement !== at("search")) location.reload();
    return;
  }
  seen = board.scan.number;
  showView();
}

async function refresh() {
  try {
    board = await ask("/api/v1/status");
  } catch (problem) {
    at("fresh").classList.add("late");
    at("fresh").textContent = `no answer from the dashboard: ${problem.message}`;
    return;
  }
  drawFresh();
  if (board.scan && board.scan.number !== seen) renew();
  drawNotice();
}

const page = location.pathname.replace(/^\/rules\/.*/, "/rules");
for (const link of at("nav").querySelectorAll("a")) if (link.getAttribute("href") === page) link.setAttribute("aria-current", "page");
if (typeof data === "object") { document.querySelector("h1").textContent = "Report"; }
setInterval(() => { if (!document.hidden) refresh(); }, REFRESH);
document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
if (typeof data === "object") refresh();
