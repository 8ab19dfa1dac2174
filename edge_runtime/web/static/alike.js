// Which known good and defective parts look most like the one on the screen.

import { ask, tell } from "./ask.js";

export class Alike {
  constructor(place, point) {
    this.place = place;
    this.address = `/points/${point}/alike`;
    place.addEventListener("toggle", () => this.learn());
  }

  note(part) {
    this.part = part;
    this.learn();
  }

  // One question is under way at a time; the newest part is asked about when it has come.
  async learn() {
    const part = this.part;
    if (!this.place.open || !part || this.asking || part === this.told) {
      return;
    }
    this.asking = true;
    try {
      const found = await ask(`${this.address}?number=${part.number}`);
      tell(this.place.querySelector(".answer"), "");
      this.place.querySelector(".alikes").replaceChildren(...Object.entries(found).map(([kind, some]) => group(kind, some)));
    } catch (error) {
      tell(this.place.querySelector(".answer"), error.message);
      this.place.querySelector(".alikes").replaceChildren();
    }
    this.told = part;
    this.asking = false;
    this.learn();
  }
}

function group(kind, some) {
  const place = document.createElement("div");
  const title = document.createElement("h3");
  title.className = kind === "good" ? "good" : "defect";
  title.textContent = kind;
  place.append(title, ...some.map(figure));
  if (!some.length) {
    place.append("none known yet");
  }
  return place;
}

function figure(one) {
  const place = document.createElement("figure");
  const image = document.createElement("img");
  image.src = one.picture;
  image.alt = one.told;
  const caption = document.createElement("figcaption");
  caption.textContent = `${one.told}, distance ${one.distance}`;
  place.append(image, caption);
  return place;
}
