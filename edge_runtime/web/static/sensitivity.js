// The slider: what another threshold would have done to the last scores, and putting it in force.

import { ask, shown, tell } from "./ask.js";

const BINS = 60;
const WIDTH = 600;
const HEIGHT = 160;
const SVG = "http://www.w3.org/2000/svg";
const NAME = "lepton-name";

export class Sensitivity {
  constructor(place, point) {
    this.address = `/points/${point}/sensitivity`;
    this.point = point;
    this.place = place;
    this.find = (selector) => place.querySelector(selector);
    this.slide = this.find(".slide");
    this.exact = this.find(".exact");
    this.slide.setAttribute("aria-label", `threshold of ${point}`);
    this.find(".name").value = localStorage.getItem(NAME) ?? "";
    this.slide.addEventListener("input", () => this.move(Number(this.slide.value), true));
    this.exact.addEventListener("input", () => this.exact.value !== "" && this.move(Number(this.exact.value), false));
    this.find(".apply").addEventListener("submit", (event) => {
      event.preventDefault();
      this.apply(Number(this.exact.value));
    });
    this.find(".reset").addEventListener("click", () => this.apply(null));
    place.addEventListener("toggle", () => place.open && this.learn());
  }

  // The stream told of a verdict: the scores are asked for again, at most every two seconds, while this is open.
  note(point) {
    if (!this.place.open || point.number === this.noted || Date.now() - (this.asked ?? 0) < 2000) {
      return;
    }
    this.noted = point.number;
    this.learn();
  }

  async learn() {
    this.asked = Date.now();
    try {
      this.show(await ask(this.address));
    } catch (error) {
      tell(this.find(".answer"), error.message, true);
    }
  }

  show(known) {
    const first = this.known === undefined;
    this.known = known;
    this.find(".notice").hidden = known.notice === "";
    this.find(".notice").textContent = known.notice;
    const unit = { classes: "least confidence", map: "figure of the heat map" }[known.kind] ?? "anomaly score";
    const whose = known.applied ? `set by hand instead of ${shown(known.own)}` : "the point's own";
    this.find(".about").textContent = `In force: ${shown(known.threshold)} (${unit}), ${whose}. `
      + (known.damaged_bytes ? `${known.damaged_bytes} bytes of the kept scores were damaged and left out. ` : "")
      + (known.scores.length ? "" : "No scores yet.");
    this.find(".worse").textContent = known.kind === "classes" ? "defect / unknown" : "defect";
    this.find(".number").textContent = known.scores.length;
    this.find(".reset").textContent = `Back to ${shown(known.own)}`;
    this.find(".reset").disabled = !known.applied;
    this.frame();
    this.move(first ? known.threshold : Number(this.exact.value), false, first);
  }

  // The scale covers every score and every threshold that matters, with some room.
  frame() {
    const { scores, threshold, own, bundles, kind } = this.known;
    const all = [...scores, threshold, own, bundles].filter((value) => value !== null);
    let [least, most] = kind === "classes" ? [0, 1] : [Math.min(...all), Math.max(...all)];
    if (kind !== "classes") {
      const room = (most - least || Math.abs(most) || 1) * 0.08;
      [least, most] = [least - room, most + room];
    }
    [this.least, this.most] = [least, most];
    this.slide.min = least;
    this.slide.max = most;
    const [left, right] = this.find(".scale").children;
    left.textContent = shown(least);
    right.textContent = shown(most);
  }

  move(threshold, fromSlide, writeExact = fromSlide) {
    if (!this.known || !Number.isFinite(threshold)) {
      return;
    }
    this.slide.value = threshold;
    if (writeExact) {
      this.exact.value = Number(threshold.toPrecision(4));
    }
    const there = fromSlide ? Number(this.exact.value) : threshold;
    this.slide.setAttribute("aria-valuetext", this.sentence(there));
    this.compare(".now", this.known.threshold);
    this.compare(".then", there);
    this.draw(there);
  }

  outcome(index, threshold) {
    const { scores, good_labels: labels, fixed, kind } = this.known;
    if (fixed[index] !== null) {
      return fixed[index];
    }
    if (kind !== "classes") {
      return scores[index] >= threshold ? "defect" : "good";
    }
    if (scores[index] < threshold) {
      return "unknown";
    }
    return labels[index] ? "good" : "defect";
  }

  counts(threshold) {
    const counts = { good: 0, defect: 0, unknown: 0 };
    this.known.scores.forEach((_, index) => (counts[this.outcome(index, threshold)] += 1));
    return counts;
  }

  compare(selector, threshold) {
    const counts = this.counts(threshold);
    const cells = this.find(`.compare ${selector}`).querySelectorAll("td");
    const bad = this.known.kind === "classes" ? `${counts.defect} / ${counts.unknown}` : counts.defect;
    [shown(threshold), counts.good, bad].forEach((text, index) => (cells[index].textContent = text));
  }

  sentence(threshold) {
    const { good, defect, unknown } = this.counts(threshold);
    const also = this.known.kind === "classes" ? `, ${unknown} unknown` : "";
    return `${shown(threshold)}: ${good} good, ${defect} defect${also} of ${this.known.scores.length}`;
  }

  draw(threshold) {
    const bins = Array.from({ length: BINS }, () => ({ good: 0, defect: 0, unknown: 0 }));
    const share = (value) => (value - this.least) / (this.most - this.least);
    this.known.scores.forEach((score, index) => {
      const bin = Math.min(BINS - 1, Math.max(0, Math.floor(share(score) * BINS)));
      bins[bin][this.outcome(index, threshold)] += 1;
    });
    const total = (bin) => bin.good + bin.defect + bin.unknown;
    const tallest = Math.max(1, ...bins.map(total));
    const drawing = bins.flatMap((bin, index) => bars(bin, index, tallest));
    drawing.push(line("force", share(this.known.threshold)), line("here", share(threshold)));
    const histogram = this.find(".histogram");
    histogram.replaceChildren(...drawing);
    histogram.setAttribute("aria-label", `Histogram of the last scores of ${this.point}. ${this.sentence(threshold)}`);
  }

  async apply(threshold, sure = false) {
    const name = this.find(".name").value.trim();
    localStorage.setItem(NAME, name);
    const answer = this.find(".answer");
    try {
      const known = await ask(this.address, { method: "POST", body: JSON.stringify({ threshold, name, sure }) });
      this.known = undefined;
      this.show(known);
      tell(answer, `${shown(known.threshold)} is in force from the next part on.`);
    } catch (error) {
      tell(answer, error.message, true);
      if (error.status === 409 && confirm(`Far outside of all kept scores. ${this.sentence(threshold)}. Put it in force?`)) {
        await this.apply(threshold, true);
      }
    }
  }
}

function bars(bin, index, tallest) {
  let base = HEIGHT;
  return ["good", "defect", "unknown"].filter((outcome) => bin[outcome]).map((outcome) => {
    const height = (bin[outcome] / tallest) * (HEIGHT - 12);
    base -= height;
    const bar = document.createElementNS(SVG, "rect");
    bar.setAttribute("class", `bar ${outcome}`);
    bar.setAttribute("x", (index * WIDTH) / BINS + 1);
    bar.setAttribute("y", base);
    bar.setAttribute("width", WIDTH / BINS - 2);
    bar.setAttribute("height", height);
    return bar;
  });
}

function line(kind, share) {
  const mark = document.createElementNS(SVG, "line");
  const x = Math.min(1, Math.max(0, share)) * WIDTH;
  mark.setAttribute("class", kind);
  mark.setAttribute("x1", x);
  mark.setAttribute("x2", x);
  mark.setAttribute("y1", 0);
  mark.setAttribute("y2", HEIGHT);
  return mark;
}
