// One inspection point: its last part, its last verdicts, and what can be done with it.

import { shown } from "./ask.js";
import { Alike } from "./alike.js";
import { Lessons } from "./lessons.js";
import { startRecording } from "./recording.js";
import { Sensitivity } from "./sensitivity.js";
import { startUpload } from "./upload.js";

const SIGNS = { good: "✓", defect: "✕", unknown: "?" };

export class PointCard {
  constructor(point, about) {
    const copy = document.getElementById("point").content.cloneNode(true);
    this.card = copy.querySelector(".point");
    this.name = point.name;
    this.find = (selector) => this.card.querySelector(selector);
    this.card.setAttribute("aria-label", `inspection point ${point.name}`);
    this.card.dataset.point = point.name;
    const bundle = document.createElement("small");
    bundle.textContent = point.bundle;
    this.find("h2").append(point.name, bundle);
    this.find(".scroll").setAttribute("aria-label", `last verdicts of ${point.name}`);
    for (const radio of this.card.querySelectorAll(".which input")) {
      radio.name = `which-${point.name}`;
      radio.addEventListener("change", () => this.release());
    }
    this.find(".heat").addEventListener("change", () => this.release());
    const known = about.points.find((one) => one.name === point.name);
    this.sensitivity = new Sensitivity(this.find(".sensitivity"), point.name);
    this.alike = new Alike(this.find(".alike"), point.name);
    this.find(".alike").hidden = !known?.takes_pictures;
    this.lessons = new Lessons(this.find(".teach"), point.name, this);
    this.find(".teach").hidden = !known?.takes_pictures;
    this.find(".upload").hidden = !known?.takes_pictures;
    startUpload(this.find(".upload"), point.name, known?.region);
    if (about.can_record) {
      startRecording(this.find(".recording"), point.name);
    }
    document.getElementById("points").append(copy);
  }

  remove() {
    this.card.remove();
  }

  show(point) {
    this.point = point;
    this.showNewestOrHeld();
    for (const [outcome, count] of Object.entries(point.counts)) {
      this.find(`.counts .${outcome} dd`).textContent = count.toLocaleString("en");
    }
    this.showLast(point.verdicts);
    this.find(".sensitivity").hidden = !point.adjustable;
    this.find(".fixed").hidden = point.adjustable;
    this.find(".fixed").textContent = point.fixed_because;
    this.sensitivity.note(point);
    this.draw();
  }

  // While a part is held to be taught, the verdict beside its picture is its own and none of a newer part.
  showNewestOrHeld() {
    const verdict = this.isHeld ? this.drawnPart : this.point?.verdicts[0];
    if (verdict) {
      this.showVerdict(verdict);
    }
    this.find(".going-on").hidden = !this.isHeld;
  }

  get isHeld() {
    return Boolean(this.lessons?.holds && this.drawnPart && !this.free);
  }

  showVerdict(verdict) {
    this.find(".verdict").className = `verdict ${verdict.outcome}`;
    this.find(".sign").textContent = SIGNS[verdict.outcome];
    this.find(".outcome").textContent = verdict.outcome;
    this.find(".reason").textContent = verdict.outcome === "unknown" ? `${verdict.cause}: ${verdict.reason}` : verdict.reason;
    this.find(".part").textContent = verdict.part;
    this.find(".part").title = verdict.part;
    this.find(".score").textContent = shown(verdict.score);
    this.find(".limit").textContent = shown(this.point.threshold);
    this.find(".took").textContent = `${verdict.latency_ms} ms`;
  }

  showLast(verdicts) {
    const strip = [...verdicts].reverse().map((verdict) => {
      const mark = document.createElement("i");
      mark.className = verdict.outcome;
      return mark;
    });
    this.find(".strip").replaceChildren(...strip);
    if (!this.find(".last").open && this.find("tbody").childElementCount) {
      return;
    }
    this.find(".last tbody").replaceChildren(...verdicts.map(row));
  }

  // What is on the screen, for whoever teaches it.
  held() {
    return this.drawnPart;
  }

  release() {
    this.free = true;
    this.showNewestOrHeld();
    this.draw();
  }

  draw() {
    if (this.isHeld) {
      return;
    }
    const which = this.find(".which input:checked").value;
    const pictured = this.point?.[which];
    const image = this.find(".picture");
    const empty = this.find(".empty");
    if (!pictured) {
      image.hidden = true;
      empty.hidden = false;
      empty.textContent = which === "rejected" ? "No part that was not good yet." : "No picture yet.";
      this.find("figcaption").textContent = "";
      this.find(".screen").classList.remove("old");
      return;
    }
    const isOld = which === "last" && pictured.number !== this.point.number;
    this.find(".screen").classList.toggle("old", isOld);
    const heat = this.find(".heat").checked && pictured.heat ? 1 : 0;
    const address = `/points/${this.name}/picture.jpg?which=${which}&heat=${heat}&number=${pictured.number}`;
    const text = (isOld ? "no picture of the part above; before it: " : "") + caption(pictured);
    this.wanted = { address: `${address}&old=${Number(isOld)}`, text, alt: `${this.name}, ${text}`, part: pictured };
    this.load();
  }

  // One picture is under way at a time; the newest wish is fetched when it has come.
  load() {
    if (this.loading || !this.wanted || this.wanted.address === this.drawn) {
      return;
    }
    const { address, text, alt, part } = this.wanted;
    const next = new Image();
    this.loading = true;
    const done = (worked) => {
      this.loading = false;
      this.drawn = address;
      if (worked) {
        const image = this.find(".picture");
        image.src = next.src;
        image.alt = alt;
        image.hidden = false;
        this.find(".empty").hidden = true;
        this.find("figcaption").textContent = text;
        this.drawnPart = part;
        this.free = false;
        this.lessons.note(part.part);
        this.alike.note(part);
        this.showNewestOrHeld();
      }
      if (!this.lessons.holds) {
        this.load();
      }
    };
    next.onload = () => done(true);
    next.onerror = () => done(false);
    next.src = address;
  }
}

function caption(pictured) {
  const score = pictured.score === null ? "" : `, score ${shown(pictured.score)}`;
  return `part ${pictured.part}: ${pictured.outcome} (${pictured.cause})${score}`;
}

function row(verdict) {
  const line = document.createElement("tr");
  const when = new Date(Date.now() - verdict.ago_s * 1000).toLocaleTimeString();
  const cells = [verdict.part, `${SIGNS[verdict.outcome]} ${verdict.outcome}`, verdict.cause, shown(verdict.score), when];
  for (const text of cells) {
    const cell = document.createElement("td");
    cell.textContent = text;
    line.append(cell);
  }
  line.children[1].className = verdict.outcome;
  line.title = verdict.reason;
  return line;
}
