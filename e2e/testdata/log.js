// Notes what is written to the announcers, and when: spoken is a list of {role, text, at}. Clearing is not noted.
globalThis.spoken = [];
globalThis.voices = new Set();
new MutationObserver((records) => {
  for (const { target } of records) {
    const voice = target.closest?.("[data-flash-live] > [role]");
    if (!voice) continue;
    voices.add(voice);
    if (voice.textContent) spoken.push({ role: voice.getAttribute("role"), text: voice.textContent, at: performance.now() });
  }
}).observe(document, { subtree: true, childList: true, characterData: true });
