// Record training pictures through the point's own camera, region and trigger.

import { ask, tell } from "./ask.js";

export function startRecording(place, point) {
  const address = `/points/${point}/recording`;
  const find = (selector) => place.querySelector(selector);
  const button = find("button[type=submit]");
  const cancel = find(".cancel");
  const bar = find("progress");
  place.hidden = false;

  function show(recording) {
    bar.hidden = recording === null;
    if (recording === null) {
      return;
    }
    bar.max = recording.wanted;
    bar.value = recording.taken;
    button.disabled = recording.running;
    cancel.hidden = !recording.running;
    const trouble = recording.trouble ? ` Ended early: ${recording.trouble}.` : "";
    tell(find(".answer"), `${recording.told}, in ${recording.folder}.${trouble}`, trouble !== "");
    if (recording.running) {
      setTimeout(look, 1000);
    }
  }

  async function look(options = {}) {
    try {
      show((await ask(address, options)).recording);
    } catch (error) {
      tell(find(".answer"), error.message, true);
    }
  }

  find("form").addEventListener("submit", (event) => {
    event.preventDefault();
    look({ method: "POST", body: JSON.stringify({ count: Number(find(".count").value) }) });
  });
  cancel.addEventListener("click", () => look({ method: "DELETE" }));
  place.addEventListener("toggle", () => place.open && look());
}
