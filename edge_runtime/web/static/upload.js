// Upload a picture, see the verdict that the line would have given.

import { ask, shown, tell } from "./ask.js";

export function startUpload(place, point, region) {
  const find = (selector) => place.querySelector(selector);
  const drop = find(".drop");
  const chooser = find("input[type=file]");
  const whole = find(".whole");
  const heat = find(".switch input");
  const image = find(".result img");
  let judged = null;
  let addresses = [];

  whole.hidden = !region || (region.width === 1 && region.height === 1);

  async function judge(file) {
    tell(find(".answer"), `judging ${file.name} …`);
    find(".result").hidden = true;
    try {
      const query = whole.querySelector("input").checked ? "?whole=1" : "";
      judged = await ask(`/points/${point}/judge${query}`, { method: "POST", body: file });
      show(file.name);
      tell(find(".answer"), "");
    } catch (error) {
      tell(find(".answer"), error.message, true);
    }
  }

  function show(name) {
    addresses.forEach((address) => URL.revokeObjectURL(address));
    addresses = [judged.picture, judged.heat].map((content) => (content === null ? null : addressOf(content)));
    find(".switch").hidden = judged.heat === null;
    const outcome = document.createElement("strong");
    outcome.className = judged.outcome;
    outcome.textContent = judged.outcome;
    const score = judged.score === null ? "" : `, score ${shown(judged.score)} of ${shown(judged.threshold)}`;
    find(".result figcaption").replaceChildren(`${name}: `, outcome, ` (${judged.cause})${score}. ${judged.reason}.`);
    image.alt = `${name}, judged ${judged.outcome}`;
    draw();
    find(".result").hidden = false;
  }

  function draw() {
    const [picture, hot] = addresses;
    image.src = heat.checked && hot !== null ? hot : picture;
  }

  heat.addEventListener("change", draw);
  chooser.addEventListener("change", () => chooser.files.length && judge(chooser.files[0]));
  whole.querySelector("input").addEventListener("change", () => chooser.files.length && judge(chooser.files[0]));
  drop.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    if (event.dataTransfer.files.length) {
      judge(event.dataTransfer.files[0]);
    }
  });
}

function addressOf(base64) {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  return URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" }));
}
