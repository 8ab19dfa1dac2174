// Requests to the board, and its sentences when it says no.

export async function ask(address, options = {}) {
  const answer = await fetch(address, { ...options, headers: { Accept: "application/json", ...options.headers } });
  if (answer.status === 401) {
    location.assign("/login");
  }
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) {
    throw Object.assign(new Error(told.error ?? `the board answered ${answer.status}`), { status: answer.status });
  }
  return told;
}

export function tell(place, sentence, isProblem = false) {
  place.textContent = sentence;
  place.classList.toggle("problem", isProblem);
}

export function shown(number) {
  return number === null || number === undefined ? "–" : String(Number(number.toPrecision(4)));
}
