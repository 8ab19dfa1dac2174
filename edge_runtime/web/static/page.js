// The page: one card per inspection point, fed by one stream of events while somebody looks.

import { ask } from "./ask.js";
import { PointCard } from "./point_card.js";

const cards = new Map();
const connection = document.getElementById("connection");
let about = { points: [] };
let stream = null;

function say(state, sentence) {
  connection.className = state;
  connection.textContent = sentence;
}

async function learn() {
  about = await ask("/about");
  document.getElementById("logout").hidden = !about.wants_token;
}

// What is said already is left alone, so that a screen reader says it once.
function list(id, sentences) {
  const place = document.getElementById(id);
  if (place.dataset.said === sentences.join()) {
    return;
  }
  place.dataset.said = sentences.join();
  place.hidden = sentences.length === 0;
  place.replaceChildren(...sentences.map((sentence) => {
    const line = document.createElement("li");
    line.textContent = sentence;
    return line;
  }));
}

async function show(snapshot) {
  document.getElementById("device").textContent = snapshot.device;
  document.title = `${snapshot.device} – Lepton Edge`;
  list("troubles", snapshot.troubles);
  list("alarms", snapshot.alarms);
  const names = snapshot.points.map((point) => point.name);
  if (names.some((name) => !cards.has(name))) {
    await learn();
  }
  for (const [name, card] of cards) {
    if (!names.includes(name)) {
      card.remove();
      cards.delete(name);
    }
  }
  for (const point of snapshot.points) {
    if (!cards.has(point.name)) {
      cards.set(point.name, new PointCard(point, about));
    }
    cards.get(point.name).show(point);
  }
}

function open() {
  close();
  stream = new EventSource("/events");
  stream.onopen = () => say("open", "live");
  stream.onmessage = (event) => show(JSON.parse(event.data)).catch((error) => say("closed", error.message));
  stream.onerror = () => {
    say("closed", "the board does not answer; trying again");
    if (stream.readyState === EventSource.CLOSED) {
      setTimeout(() => learn().then(open, open), 3000);
    }
  };
}

function close() {
  stream?.close();
  stream = null;
}

document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
open();
