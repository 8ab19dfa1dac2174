// Teach: hold the part on the screen, say what it is, see what was said so far, take it back.

import { ask, shown, tell } from "./ask.js";

const NAME = "lepton-name";
const WORDS = { good: "good", defective: "defective" };

export class Lessons {
  // `card` gives what is on the screen as `held()`, shows its verdict with `showNewestOrHeld()` and goes on to the
  // newest part with `release()`.
  constructor(place, point, card) {
    this.address = `/points/${point}/lessons`;
    this.place = place;
    this.card = card;
    this.find = (selector) => place.querySelector(selector);
    this.find(".name").value = localStorage.getItem(NAME) ?? "";
    this.find("form").addEventListener("submit", (event) => event.preventDefault());
    this.find(".next").addEventListener("click", () => {
      card.release();
      tell(this.find(".answer"), "");
    });
    for (const kind of Object.keys(WORDS)) {
      this.find(`.${kind}`).addEventListener("click", () => this.teach(kind));
    }
    this.find(".anew").addEventListener("click", () => this.anew());
    place.addEventListener("toggle", () => {
      if (place.open) {
        card.showNewestOrHeld();
        this.learn();
      } else {
        card.release();
      }
    });
  }

  get holds() {
    return this.place.open;
  }

  name() {
    const name = this.find(".name").value.trim();
    localStorage.setItem(NAME, name);
    return name;
  }

  note(part) {
    this.find(".held").textContent = part ? `Part ${part} is held on the screen above. It is` : "No part to teach yet.";
    for (const kind of Object.keys(WORDS)) {
      this.find(`.${kind}`).disabled = !part || !this.known || this.known.refusal !== "" || this.known.damaged;
    }
  }

  async learn() {
    await this.tried(async () => this.show(await ask(this.address)));
  }

  async teach(kind) {
    const { number, part } = this.card.held();
    await this.tried(async () => {
      const begun = performance.now();
      const content = JSON.stringify({ number, kind, name: this.name() });
      this.show(await ask(this.address, { method: "POST", body: content }));
      const took = ((performance.now() - begun) / 1000).toFixed(1);
      tell(this.find(".answer"), `Part ${part} is ${WORDS[kind]}: learned in ${took} s, in force from the next part on.`);
    });
  }

  async takeBack(lesson) {
    await this.tried(async () => {
      const query = `?name=${encodeURIComponent(this.name())}`;
      this.show(await ask(`${this.address}/${lesson.number}${query}`, { method: "DELETE" }));
      tell(this.find(".answer"), `Part ${lesson.part} is not a lesson any more.`);
    });
  }

  async anew() {
    if (!confirm("Put the damaged lessons aside and begin with none?")) {
      return;
    }
    await this.tried(async () => {
      this.show(await ask(`${this.address}?name=${encodeURIComponent(this.name())}`, { method: "DELETE" }));
    });
  }

  async tried(call) {
    try {
      await call();
    } catch (error) {
      tell(this.find(".answer"), error.message, true);
    }
  }

  show(known) {
    this.known = known;
    this.find(".notice").hidden = known.notice === "";
    this.find(".notice").textContent = known.notice;
    this.find(".refusal").hidden = known.refusal === "";
    this.find(".refusal").textContent = known.refusal;
    this.find(".saying").hidden = known.refusal !== "" || known.damaged;
    this.find(".anew").hidden = !known.damaged;
    const many = known.lessons.length === 1 ? "1 lesson" : `${known.lessons.length} lessons`;
    this.find(".about").textContent = known.lessons.length ? `${many}, revision ${known.revision}` : "";
    this.find(".lessons").replaceChildren(...known.lessons.map((lesson) => this.line(lesson)));
    this.note(this.card.held()?.part);
  }

  line(lesson) {
    const line = document.createElement("li");
    const image = document.createElement("img");
    image.alt = "";
    image.loading = "lazy";
    if (lesson.picture) {
      image.src = `${this.address}/${lesson.number}/picture.jpg`;
    }
    const told = document.createElement("span");
    const kind = document.createElement("strong");
    kind.className = lesson.kind === "good" ? "good" : "defect";
    kind.textContent = WORDS[lesson.kind];
    const who = lesson.name || "somebody";
    const when = new Date(lesson.at).toLocaleString();
    const also = lesson.applies ? "" : "; for another bundle, not applied";
    told.append(`${lesson.part}: `, kind, `, score ${shown(lesson.score)}; ${who}, ${when}${also}`);
    const back = document.createElement("button");
    back.type = "button";
    back.className = "quiet";
    back.textContent = "Take back";
    back.setAttribute("aria-label", `Take back: part ${lesson.part} is ${WORDS[lesson.kind]}`);
    back.addEventListener("click", () => this.takeBack(lesson));
    line.append(image, told, back);
    return line;
  }
}
