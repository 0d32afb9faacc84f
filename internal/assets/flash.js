// What the markup of {{flashes}} does by itself: messages are read out, close, stay out of the history, and can be added while the page is open.
// It is all in one file because pages load it as one, without a build step.
//
// FlashMessages.push({status, title, text, link: {label, url}, autoClose, id, key}) shows a message, as text and never as HTML. It returns the
// item, or null if there is nothing to show. So does an event flash:show with a list of such messages as detail.messages. An event flash:pull makes the
// page get messages from detail.url.
//
// FlashMessages.handle(response) shows what an answer to fetch has brought along, and resolves to that answer: messages in its header Flash-Messages, which come
// when the request has a header X-Get-Flash: 1, or the list "flash" of a JSON body.
//
// Events, all of which bubble: flash:before-show (on <flash-messages>, detail.message; can be cancelled), flash:shown (on the item), and flash:close
// (on the item, detail.reason is "user", "timeout" or "replaced"; can be cancelled).
//
// <html data-flash-autoclose="off">, or "off" as "flash.autoclose" in localStorage: no message closes by itself. With a number, each stays for as many
// seconds at least.
// <html data-flash-focus="error warning">: a loaded page with such a message gives it the focus. Without a value: with any message.
(() => {
  "use strict";
  if (customElements.get("flash-messages")) return; // loaded twice

  const REGION = "flash-messages, [data-flash-live]";
  const ITEM = ":is(flash-messages, [data-flash-live]) [data-status]";

  let home; // the <flash-messages> to which the live part belongs,
  let live; // which is the announcers and, in a popover, the messages that are pushed

  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const inside = (node) => node?.closest?.(REGION);
  const emit = (target, type, detail) => target.dispatchEvent(new CustomEvent("flash:" + type, { bubbles: true, cancelable: true, detail }));

  // Reading out. Visible messages are no live regions: their buttons and their removal would be read, too. Each text is added to one of two
  // announcers instead: errors first, one after the other, and not at once, for nobody listens yet to a region that was just made. It stays there for a
  // while, for a reader that is busy looks when it gets there.

  const SPEAK_AFTER = 500; // milliseconds, as all times here
  const SPEAK_EVERY = 150;
  const SILENT_AFTER = 30000;

  const unspoken = [];
  let speaker;
  let said = "";

  const announcers = () => (live ? all(":scope > [aria-live]", live) : []); // the polite one, the other one

  function announce(text, urgent) {
    unspoken.push({ text, urgent });
    speaker ??= setTimeout(speak, SPEAK_AFTER);
  }

  function speak() {
    speaker = undefined;
    if (!unspoken.length) return;
    const [{ text, urgent }] = unspoken.splice(Math.max(0, unspoken.findIndex((next) => next.urgent)), 1);
    const line = document.createElement("div");
    said = text === said ? text + "\u00a0" : text; // readers leave out what they have just said
    line.textContent = said;
    announcers()[urgent ? 1 : 0]?.append(line);
    setTimeout(() => line.remove(), SILENT_AFTER);
    speaker = setTimeout(speak, SPEAK_EVERY);
  }

  function silence() {
    for (const announcer of announcers()) announcer.replaceChildren();
  }

  function partsOf(item) {
    const parts = all("[data-flash-title], [data-flash-text]", item);
    return parts.length ? parts : [item];
  }

  function textOf(item) {
    const parts = partsOf(item).map((part) => part.textContent.trim());
    return parts.filter(Boolean).join(". ");
  }

  // Closing by itself. All messages have one clock, which stands still while somebody may be reading one of them.

  const HEARD_AFTER = 7000; // so late a screen reader may begin with what was announced
  const STAY = 6000;
  const STAY_PER_WORD = 400;
  const STAY_AFTER_PAUSE = 2000;

  const left = new Map(); // item -> how long it may still stay
  let since = 0; // when the clock was last read, 0 while it stands still
  let frozen = false;
  let timer;

  function paused() {
    const selection = getSelection();
    const selected = selection && !selection.isCollapsed;
    return document.hidden || frozen || all(REGION).some((r) => r.matches(":hover, :focus-within") || (selected && selection.containsNode(r, true)));
  }

  function tick() {
    clearTimeout(timer);
    const now = performance.now();
    const ran = since > 0;
    if (ran) for (const [item, ms] of left) left.set(item, ms - (now - since));
    since = left.size && !paused() ? now : 0;
    if (!since) return;
    for (const [item, ms] of left) {
      if (!ran) left.set(item, Math.max(ms, STAY_AFTER_PAUSE));
      else if (ms <= 0) {
        left.delete(item);
        close(item, "timeout");
      }
    }
    timer = setTimeout(tick, Math.max(0, Math.min(...left.values())));
  }

  // stay returns how long an item stays: until it and what is announced before it can be heard and read, or longer if the page or the user say so.
  function stay(item) {
    const { autoclose, status } = item.dataset;
    if (autoclose === undefined || status === "error" || status === "warning" || item.querySelector("a")) return;
    const wishes = [document.documentElement.dataset.flashAutoclose];
    try {
      wishes.push(localStorage.getItem("flash.autoclose"));
    } catch {
      // The browser keeps nothing for this site.
    }
    if (wishes.includes("off")) return;
    const text = unspoken.map((next) => next.text).join(" ");
    return Math.max(HEARD_AFTER + readingTime(text), ...wishes.map((seconds) => 1000 * seconds || 0));
  }

  function readingTime(text) {
    const words = Intl.Segmenter // knows those of languages without spaces, too
      ? [...new Intl.Segmenter(undefined, { granularity: "word" }).segment(text)].filter((word) => word.isWordLike)
      : text.split(/\s+/);
    return Math.max(STAY, 3000 + STAY_PER_WORD * words.length);
  }

  // Showing, whether the server has printed the message, another script has added it, or it was pushed.

  const known = new WeakSet();

  function scan() {
    for (const item of all(ITEM)) {
      if (known.has(item)) continue;
      const { key } = item.dataset;
      if (key) for (const old of all(ITEM)) if (known.has(old) && old.dataset.key === key && !(item.id && old.id === item.id)) close(old, "replaced");
      known.add(item);
      const button = item.querySelector("[data-flash-close]");
      if (button) {
        button.hidden = false; // without a script it would do nothing
        button.ariaDescribedByElements = partsOf(item);
      }
      announce(textOf(item), item.dataset.status === "error");
      const ms = stay(item);
      if (ms) {
        tick(); // for the others
        left.set(item, ms);
        tick();
      }
      emit(item, "shown");
      if (idle) subscribe(idle);
    }
    settle();
  }

  // settle shows what holds messages, and names it as a landmark, as long as there are some.
  function settle() {
    for (const region of all("flash-messages[data-label]")) {
      const used = region.querySelector(ITEM);
      if (used) {
        region.setAttribute("role", "region");
        region.setAttribute("aria-label", region.dataset.label);
      } else {
        region.removeAttribute("role");
        region.removeAttribute("aria-label");
      }
      for (const list of all(":scope > ul", region)) list.hidden = !list.querySelector(ITEM);
    }
    const corner = live?.querySelector("[popover]");
    if (corner?.togglePopover) corner.togglePopover(corner.querySelector(ITEM) !== null);
    dodge();
  }

  // dodge moves the popover to the upper edge while it would hide what has the focus at the lower one.
  function dodge() {
    const corner = live?.querySelector("[popover]");
    if (!corner) return;
    corner.style.removeProperty("margin-block");
    const focused = document.activeElement;
    if (!focused || inside(focused)) return;
    const c = corner.getBoundingClientRect();
    const f = focused.getBoundingClientRect();
    if (f.left < c.right && f.right > c.left && f.bottom > c.top && f.top > c.height)
      corner.style.setProperty("margin-block", "0 auto", "important");
  }

  const pushed = new Set(); // IDs, each with when its message was created: an own ID may be used again
  const mark = ({ id, created }) => id + " " + created;

  // blanks returns items to copy, or nothing where the page has no place for them.
  const blanks = () => live?.querySelector("[popover] > *") && home.querySelector("template")?.content;

  function push(message) {
    const { status = "info", title, text, link, autoClose, id, key } = message;
    const from = blanks();
    if (!from || !(title || text)) return null;
    if (id && (pushed.has(mark(message)) || document.getElementById("flash-" + id))) return null;
    if (!emit(home, "before-show", { message })) return null;

    const blank = from.querySelector(`[data-status="${CSS.escape(status)}"]`);
    const item = document.importNode(blank ?? from.querySelector("[data-status]"), true);
    const [titled, texted, linked] = all("[data-flash-title], [data-flash-text], [data-flash-link]", item);
    item.dataset.status = status;
    if (!blank) titled.firstElementChild.textContent = status; // a status of the application's own is its own word
    if (title) {
      const bdi = document.createElement("bdi");
      bdi.textContent = title;
      titled.append(": ", bdi);
    }
    if (text) texted.textContent = text;
    else texted.remove();
    const href = link && hrefOf(link.url);
    if (href) {
      linked.firstElementChild.textContent = link.label;
      linked.firstElementChild.href = href;
    } else linked.remove();
    if (autoClose) item.dataset.autoclose = "";
    if (id) {
      pushed.add(mark(message));
      item.id = "flash-" + id;
    }
    if (key) item.dataset.key = key;
    live.querySelector("[data-flash-added], [popover] > *").append(item); // the latter of markup of the application's own
    scan();
    return item;
  }

  function hrefOf(url) {
    try {
      const { protocol, href } = new URL(url, document.baseURI);
      return /^(https?|mailto):$/.test(protocol) && href;
    } catch {
      return false;
    }
  }

  // A browser or Turbo may load a page before anybody asks for it. It then has no messages, but says where to get them when it is opened. So does an
  // answer that has more of them than a header takes.
  async function pull(url) {
    if (!home?.querySelector("template")) return; // they wait for a page that can show them
    try {
      const answer = await fetch(url, { headers: { "X-Get-Flash": "1" } });
      if (answer.ok) (await answer.json()).messages.forEach(push);
    } catch {
      // They come with the next page.
    }
  }

  function notice(response) {
    const { messages, pull: url } = JSON.parse(response.headers.get("Flash-Messages") ?? "{}");
    messages?.forEach(push);
    if (url) pull(url);
  }

  async function handle(response) {
    notice(response);
    if (!response.bodyUsed && /json/.test(response.headers.get("Content-Type"))) {
      const body = await response.clone().json().catch(() => {}); // what is none, its reader will notice
      if (Array.isArray(body?.flash)) body.flash.forEach(push);
    }
    return response;
  }

  // Listening for messages while the page is open, as long as somebody can see it. An EventSource would not say why a server refuses, and gives up for good
  // when it meets a bad gateway.

  const SEEN_AFTER = 1000; // what was shown for less, because the page was left, is for the next one
  const SILENCE = 50000; // the server gives a sign of life every 20 seconds
  const BACK_OFF = 60000;

  let stream; // where messages come from,
  let idle; // or will come from, when the session has a key, which it gets with its first message,
  let acks; // and where to say what has become of them
  let listening; // an AbortController
  let attempts = 0;
  let again, silent, seen; // timers
  const unseen = []; // what the server waits to hear of

  function subscribe(url, later) {
    hangUp();
    [stream, idle] = later ? [undefined, url] : [url, undefined];
    acks = url?.replace(/stream\?.*/, "ack") ?? acks;
    listen();
  }

  function hangUp() {
    listening?.abort();
    listening = undefined;
  }

  function listen() {
    if (document.hidden) hangUp();
    else if (stream && !listening) hear((listening = new AbortController()));
  }

  async function hear(mine) {
    const alive = () => {
      clearTimeout(silent);
      silent = setTimeout(() => mine.abort(), SILENCE);
    };
    let pause = Math.random() * Math.min(BACK_OFF, 1000 * 2 ** attempts++);
    try {
      alive();
      const { status, headers, body } = await fetch(stream, { signal: mine.signal });
      if (status === 204) subscribe(stream, true); // there is nothing to hear
      if (!/^text\/event-stream/.test(headers.get("Content-Type"))) throw 0; // a proxy is in trouble
      const reader = body.pipeThrough(new TextDecoderStream()).getReader();
      let text = "";
      for (;;) {
        const { value, done } = await reader.read();
        if (done || mine !== listening) break;
        alive();
        const events = (text + value).split("\n\n");
        text = events.pop();
        for (const event of events) {
          const { event: name, data, retry } = Object.fromEntries(event.split("\n").map((line) => line.split(/: (.*)/)));
          if (retry) pause = +retry;
          if (name) attempts = 0;
          if (name === "flash") receive(JSON.parse(data));
          if (data === "full") pause = BACK_OFF; // the session has newer pages
          if (data === "over") subscribe(stream, true);
        }
      }
    } catch {
      // The line is broken, or the page has hung up.
    }
    if (mine !== listening) return;
    hangUp();
    clearTimeout(again);
    again = setTimeout(listen, pause);
  }

  function receive({ messages, tickets }) {
    messages.forEach(push);
    for (const { view, id, created } of messages) unseen.push({ view, id, ticket: tickets[view], created });
    clearTimeout(seen);
    seen = setTimeout(report, SEEN_AFTER, "shown");
  }

  function report(what) {
    while (unseen.length) {
      const list = unseen.splice(0, 50);
      if (what === "back") for (const entry of list) pushed.delete(mark(entry));
      // What does not arrive comes again, and is not shown again.
      fetch(acks, { method: "POST", body: JSON.stringify({ [what]: list }), keepalive: true }).catch(() => {});
    }
  }

  // Closing, and where the focus goes with what had it: to the next message, or back to where it was before.

  let before;

  function close(item, reason) {
    if (!emit(item, "close", { reason })) return;
    const focused = item.contains(document.activeElement);
    const neighbour = item.nextElementSibling ?? item.previousElementSibling;
    left.delete(item);
    item.remove();
    settle();
    if (!focused) return;
    const button = neighbour?.querySelector("[data-flash-close]");
    (button ?? before)?.focus();
    const lost = document.activeElement === document.body || document.activeElement === null;
    if (lost) hold(dialogs.at(-1) ?? document.querySelector("main, [role=main], h1") ?? document.body);
  }

  // hold gives the focus to what is no control.
  function hold(element) {
    if (!element.hasAttribute("tabindex")) {
      element.tabIndex = -1;
      element.addEventListener("blur", () => element.removeAttribute("tabindex"), { once: true });
    }
    element.focus();
  }

  function focusOnLoad(region) {
    const statuses = document.documentElement.dataset.flashFocus?.split(/\s+/).filter(Boolean);
    if (!statuses || document.readyState === "complete" || location.hash) return;
    const items = all(ITEM, region);
    const wanted = items.some((item) => !statuses.length || statuses.includes(item.dataset.status));
    addEventListener("load", () => {
      // Others know better: a field, a summary of errors, the user.
      const rival = all("[autofocus], [role=alert]").some((e) => !inside(e) && (e.autofocus || e.textContent.trim()));
      if (!wanted || rival || document.activeElement !== document.body) return;
      region.ariaDescribedByElements = items.flatMap(partsOf); // so the focus reads the texts, and nobody has to say them again
      unspoken.length = 0;
      hold(region);
    });
  }

  // A modal dialog makes the rest of the page inert and silent, announcers too, so the live part moves into the topmost one.

  const dialogs = []; // the modal ones, in the order in which they were opened

  function follow(opened) {
    for (const dialog of opened) if (dialog.matches("dialog:modal") && !dialogs.includes(dialog)) dialogs.push(dialog);
    for (const dialog of [...dialogs]) if (!dialog.matches(":modal")) dialogs.splice(dialogs.indexOf(dialog), 1);
    const place = dialogs.at(-1) ?? home;
    if (!place || live.parentNode === place) return;
    silence(); // what was said would be new there
    place.append(live);
    settle();
    // The dialog may be removed, with all that is in it.
    removals.disconnect();
    if (place !== home) removals.observe(document, { childList: true, subtree: true });
  }

  const removals = new MutationObserver(() => live?.isConnected || follow([]));
  const openings = new MutationObserver((records) => follow(records.map((record) => record.target)));

  class FlashMessages extends HTMLElement {
    static push = push;
    static handle = handle;
    #live;
    #additions = new MutationObserver(scan);

    connectedCallback() {
      if (document.readyState !== "loading") this.#start();
      else document.addEventListener("DOMContentLoaded", () => this.#start(), { once: true }); // with its children
    }

    #start() {
      if (!this.isConnected) return;
      this.#live ??= this.querySelector("[data-flash-live]");
      if (!home && this.#live) this.#lead();
      else if (home !== this) this.#live?.remove(); // a page speaks with one voice
      for (const root of [this, this.#live]) if (root) this.#additions.observe(root, { childList: true, subtree: true });
      focusOnLoad(this);
      scan();
      const url = this.dataset.pull;
      this.removeAttribute("data-pull");
      if (!url || !blanks()) return;
      if (document.prerendering) document.addEventListener("prerenderingchange", () => pull(url), { once: true });
      else pull(url);
    }

    #lead() {
      home = this;
      live = this.#live;
      if (!live.isConnected) this.append(live);
      follow(all("dialog:modal"));
      // Beside a live part of the page's own there is ours, with the address.
      const addressed = this.dataset.stream ? this : document.querySelector("flash-messages[data-stream]");
      const { stream, streamIdle } = addressed?.dataset ?? {};
      subscribe(blanks() ? stream : undefined, streamIdle !== undefined);
    }

    disconnectedCallback() {
      if (this.isConnected) return; // it was only moved
      this.#additions.disconnect();
      if (home !== this) return;
      this.append(live);
      home = live = undefined;
      report("back");
      subscribe();
      // htmx 2 puts the next page in before it takes this one out.
      all("flash-messages").find((next) => #live in next && next.#live)?.#lead();
    }
  }

  document.addEventListener("click", ({ target }) => {
    const button = inside(target) && target.closest("[data-flash-close]");
    if (button) close(button.closest("[data-status]"), "user");
  });

  document.addEventListener("keydown", (event) => {
    const item = event.key === "Escape" && inside(event.target) && event.target.closest("[data-status]");
    if (!item) return;
    event.preventDefault(); // a dialog around it stays open
    close(item, "user");
  });

  document.addEventListener("focusin", ({ target, relatedTarget }) => {
    if (inside(target) && relatedTarget && !inside(relatedTarget)) before = relatedTarget;
    dodge();
  });

  // Such as htmx makes of a header: HX-Trigger: {"flash:show": {"messages": [...]}}
  document.addEventListener("flash:show", ({ detail }) => detail?.messages?.forEach(push));
  document.addEventListener("flash:pull", ({ detail }) => detail?.url && pull(detail.url));
  // htmx 4 fires this when its user acts, and not when it preloads in the same words.
  document.addEventListener("htmx:config:request", ({ detail }) => {
    const { mode, headers } = detail?.ctx?.request ?? {};
    if (mode === "same-origin") headers["X-Flash-Wanted"] = "1";
  });
  // A stream for Turbo to which nothing can be appended, for it is compressed, has them in a header.
  document.addEventListener("turbo:before-fetch-response", ({ detail }) => notice(detail.fetchResponse.response));

  for (const type of ["pointerover", "pointerout", "focusin", "focusout", "selectionchange", "visibilitychange"])
    document.addEventListener(type, tick);
  for (const type of ["freeze", "resume"])
    document.addEventListener(type, () => {
      frozen = type === "freeze";
      tick();
    });

  // Browsers keep the page as it is for the Back button, whatever its headers say. What was shown must not come back with it.
  addEventListener("pagehide", () => {
    report("back");
    hangUp();
    for (const item of all(ITEM)) item.remove();
    left.clear();
    unspoken.length = 0;
    silence();
    settle();
  });

  for (const type of ["visibilitychange", "pageshow", "online"]) addEventListener(type, listen);

  openings.observe(document, { attributes: true, attributeFilter: ["open"], subtree: true });
  globalThis.FlashMessages = FlashMessages;
  customElements.define("flash-messages", FlashMessages);
})();
