// The secret of a link stands behind its #, which no browser sends: it goes on in a form.
const secret = location.hash.slice(1);
if (secret) {
  const form = document.getElementById("open-link");
  history.replaceState(null, "", location.pathname);
  form.elements.secret.value = secret;
  form.requestSubmit();
}
