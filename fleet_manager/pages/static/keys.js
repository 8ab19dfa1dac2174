// Shortcuts of one key: they can be switched off, and are off while somebody writes.
const KEPT = "lepton-keys";
const PLACES = { o: "/", a: "/alerts", c: "/cases", s: "/statistics" };
let goes = false;

function isOn() {
  return localStorage.getItem(KEPT) !== "off";
}

function isWriting(target) {
  return target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName);
}

function step(by) {
  const links = [...document.querySelectorAll("[data-row] a")].filter((link, at, all) => link.closest("[data-row]") !== all[at - 1]?.closest("[data-row]"));
  const here = links.findIndex((link) => link.closest("[data-row]").contains(document.activeElement));
  const next = links[here < 0 ? (by > 0 ? 0 : links.length - 1) : Math.min(Math.max(here + by, 0), links.length - 1)];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

function press(key) {
  const row = document.activeElement?.closest("[data-row]");
  const target = (row ?? document).querySelector(`[data-key="${key}"]`);
  if (!target || (!row && target.closest("[data-row]"))) {
    return false;
  }
  if (target.tagName === "BUTTON") {
    target.click();
  } else {
    target.focus();
  }
  return true;
}

function act(key) {
  if (goes) {
    goes = false;
    if (PLACES[key]) {
      location.assign(PLACES[key]);
    }
    return true;
  }
  switch (key) {
    case "j": step(1); return true;
    case "k": step(-1); return true;
    case "g": goes = true; return true;
    case "/": document.querySelector("[data-filters] select, [data-filters] input")?.focus(); return true;
    case "u": document.querySelector("[data-up]")?.click(); return true;
    case "?": document.getElementById("keys").showModal(); return true;
    default: return press(key);
  }
}

export function listenToKeys() {
  const box = document.getElementById("keys-on");
  const ask = document.getElementById("ask-keys");
  if (!box) {
    return;
  }
  box.checked = isOn();
  box.addEventListener("change", () => localStorage.setItem(KEPT, box.checked ? "on" : "off"));
  ask.hidden = false;
  ask.addEventListener("click", () => document.getElementById("keys").showModal());
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      document.querySelector(".account[open]")?.removeAttribute("open");
    }
    const meant = !event.ctrlKey && !event.metaKey && !event.altKey && !event.repeat;
    const open = document.querySelector("dialog[open]");
    if (meant && isOn() && !open && !isWriting(event.target) && act(event.key)) {
      event.preventDefault();
    }
  });
}
