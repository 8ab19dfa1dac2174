// What makes the pages quicker to use; nothing here is needed to read them or to send a form.
import { listenToKeys } from "./keys.js";

const live = document.getElementById("live");
const rows = document.getElementById("rows");

function localise(root) {
  const today = new Date().toDateString();
  for (const time of root.querySelectorAll("time[datetime]:not([title])")) {
    const when = new Date(time.dateTime);
    const clock = when.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
    const day = when.toLocaleDateString([], { day: "2-digit", month: "short", year: "full" in time.dataset ? "numeric" : undefined });
    time.title = time.dateTime;
    time.textContent = when.toDateString() === today && !("full" in time.dataset) ? clock : `${day}, ${clock}`;
  }
}

function say(state, sentence) {
  live.hidden = false;
  live.className = `live ${state}`;
  if (live.textContent !== sentence) {
    live.textContent = sentence;
  }
}

function followStream() {
  document.addEventListener("htmx:sse:after:connection", () => say("open", "live"));
  document.addEventListener("htmx:sse:before:connection", () => say("", "connecting"));
  document.addEventListener("htmx:sse:error", (event) => {
    if (event.detail.status === 401) {
      location.reload();
    }
    say("closed", "no answer; trying again");
  });
  if (document.querySelector("[data-stream]")) {
    say("", "connecting");
  }
}

// A row may come twice when the stream was broken off. The list stays short however long it is watched.
function keepShort() {
  const most = 200;
  const known = new Set();
  document.getElementById("none")?.remove();
  for (const row of [...rows.children]) {
    if (known.has(row.id)) {
      row.remove();
    }
    known.add(row.id);
  }
  while (rows.children.length > most && !rows.lastElementChild.contains(document.activeElement)) {
    rows.lastElementChild.remove();
  }
}

function sayMoreCame() {
  const notice = document.getElementById("more-came");
  notice.hidden = false;
  notice.textContent = "More alerts came than fit here. ";
  const again = document.createElement("a");
  again.href = location.href;
  again.textContent = "Show the newest";
  notice.append(again);
}

function sendFiltersAtOnce() {
  const filters = document.querySelector("[data-filters]");
  if (filters) {
    filters.querySelector("[data-apply]").hidden = true;
    filters.addEventListener("change", () => filters.requestSubmit());
  }
}

// A picture that has not come yet leaves an empty frame.
function hideMissing(image) {
  const frame = document.createElement("span");
  frame.className = "thumb none";
  image.replaceWith(frame);
}

localise(document);
document.addEventListener("error", (event) => event.target.matches?.("img.thumb") && hideMissing(event.target), true);
for (const image of document.querySelectorAll("img.thumb")) {
  if (image.complete && image.naturalWidth === 0) {
    hideMissing(image);
  }
}
new MutationObserver(() => localise(document)).observe(document.getElementById("main"), { childList: true, subtree: true });
followStream();
sendFiltersAtOnce();
listenToKeys();
if (rows) {
  new MutationObserver(keepShort).observe(rows, { childList: true });
  document.addEventListener("more-came", sayMoreCame);
}
document.querySelector("[data-copy]")?.select();
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll(".account[open]")) {
    if (!menu.contains(event.target)) {
      menu.open = false;
    }
  }
});
