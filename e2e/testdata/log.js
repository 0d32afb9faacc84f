// Notes what is added to the announcers, and when: spoken is a list of {live, text, at}. Removing is not noted.
globalThis.spoken = [];
globalThis.voices = new Set();
new MutationObserver((records) => {
  for (const { target, addedNodes } of records) {
    const voice = target.closest?.("[data-flash-live] > [aria-live]");
    if (!voice) continue;
    voices.add(voice);
    for (const { textContent: text } of addedNodes) spoken.push({ live: voice.getAttribute("aria-live"), text, at: performance.now() });
  }
}).observe(document, { subtree: true, childList: true });
