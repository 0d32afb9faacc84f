// Notes, over all pages of a tab, which messages were shown (a JSON list of texts in sessionStorage.shown) and which events of the test's own were fired.
{
  const note = (list, value) => sessionStorage.setItem(list, JSON.stringify([...JSON.parse(sessionStorage.getItem(list) ?? "[]"), value]));
  document.addEventListener("flash:shown", ({ target }) => note("shown", target.querySelector("[data-flash-text]").textContent));
  for (const name of ["own", "other"]) document.addEventListener(name, ({ detail }) => note("events", name + ":" + (detail?.n ?? detail?.value ?? "")));
}
