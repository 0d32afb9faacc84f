// What a check of all browsers wants to know of its page, and what should not happen in it.
globalThis.persisted = false;
addEventListener("pageshow", (e) => (globalThis.persisted = e.persisted));
for (const type of ["error", "unhandledrejection"])
  addEventListener(type, (e) => {
    fetch("/fault", { method: "POST", keepalive: true, body: `${type} ${e.message ?? e.reason}` });
  });
