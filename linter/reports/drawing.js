"use strict";
const at = id => document.getElementById(id);

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style") element.style.cssText = value; // which a policy on styles lets pass
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

function inline(text) {
  return text.split(/(`[^`]+`)/).map(part => part.startsWith("`") && part.length > 2 ? make("code", {}, part.slice(1, -1)) : part);
}

function drawDocs(text) {
  const out = [];
  let block = null, list = null, words = [];
  const close = () => {
    if (words.length) out.push(make("p", {}, ...inline(words.join(" "))));
    words = []; list = null;
  };
  for (const line of text.split("\n")) {
    if (block) {
      if (line.startsWith("```")) block = null; else block.append(line + "\n");
    } else if (line.startsWith("```")) { close(); block = make("pre"); out.push(block); }
    else if (line.startsWith("#")) { close(); out.push(make("h3", {}, line.replace(/^#+ /, ""))); }
    else if (/^[-*] /.test(line)) {
      if (!list) { close(); list = make("ul"); out.push(list); }
      list.append(make("li", {}, ...inline(line.slice(2))));
    } else if (list && line.startsWith("  ")) list.lastChild.append(" ", ...inline(line.trim()));
    else if (line.trim()) words.push(line.trim());
    else close();
  }
  close();
  return out;
}

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  at("theme").textContent = theme === "dark" ? "light" : "dark";
}

function chooseTheme() {
  const theme = at("theme").textContent;
  setTheme(theme);
  try { sessionStorage.setItem("theme", theme); } catch { /* a browser may keep nothing */ }
}

function recallTheme() {
  try { return sessionStorage.getItem("theme"); } catch { return null; }
}

setTheme(recallTheme() || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"));
at("theme").addEventListener("click", chooseTheme);
