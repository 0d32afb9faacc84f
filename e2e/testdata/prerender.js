// Drives a page without the DevTools, which allow no prerendering: it waits until the page "/ahead" was asked for, goes there, and reports what is
// seen there in the end.
(async () => {
  const texts = () =>
    [...document.querySelectorAll(":is(flash-messages, [data-flash-live]) [data-status] [data-flash-text]")].map((e) => e.textContent);
  const until = async (condition) => {
    while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20));
  };
  if (location.pathname === "/") {
    await until(async () => (await (await fetch("/asked")).text()) === "yes");
    location.href = "/ahead";
    return;
  }
  const ahead = document.prerendering;
  if (ahead) {
    await fetch("/rendered", { method: "POST", body: JSON.stringify(texts()) });
    await new Promise((resolve) => document.addEventListener("prerenderingchange", resolve, { once: true }));
  }
  await until(() => texts().length === 2);
  await fetch("/report", { method: "POST", body: JSON.stringify({ ahead, texts: texts() }) });
})();
